/** Names of participants by their code; the code itself where the name is not known yet. */
import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { useAnswer } from './api/use-answer.ts';

export interface Named {
  readonly code: string;
  readonly name: string;
  readonly role: 'bank' | 'paymentInstitution';
}

export interface Names {
  readonly all: readonly Named[];
  of(code: string): string;
}

const refreshMs = 60_000;
const NamesContext = createContext<Names>({ all: [], of: (code) => code });

/** Asked for once for all pages. */
export function NamesProvider({ children }: { readonly children: ReactNode }) {
  const { value } = useAnswer('getParticipants', {}, refreshMs);
  const names = useMemo((): Names => {
    const all = value?.participants.map(({ code, name, role }) => ({ code, name, role })) ?? [];
    const byCode = new Map(all.map(({ code, name }) => [code, name]));
    return { all, of: (code) => byCode.get(code) ?? code };
  }, [value]);
  return <NamesContext value={names}>{children}</NamesContext>;
}

export const useNames = (): Names => useContext(NamesContext);
