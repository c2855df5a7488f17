import { useAnswer } from '../../api/use-answer.ts';
import { useDesk } from '../../desk.tsx';
import { FromAnswer } from '../../parts/states.tsx';
import { Trace } from './trace.tsx';

/** The way of one payment, without leaving the list. */
export function PaymentPreview({ paymentId }: { readonly paymentId: string }) {
  const { say } = useDesk();
  const answer = useAnswer('getPayment', { at: { paymentId } });
  return (
    <FromAnswer answer={answer} what={say('payment.one')} rows={6}>
      {(detail) => <Trace detail={detail} />}
    </FromAnswer>
  );
}
