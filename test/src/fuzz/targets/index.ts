import type { Target } from '../target.ts';
import { amounts } from './amounts.ts';
import { evidence } from './evidence.ts';
import { files } from './files.ts';
import { frames } from './frames.ts';
import { identifiers } from './identifiers.ts';
import { json } from './json.ts';
import { signatures } from './signatures.ts';

export const targets: readonly Target[] = [frames, json, signatures, files, evidence, identifiers, amounts];
