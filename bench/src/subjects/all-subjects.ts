import { dante } from './dante.ts';
import { haproxy } from './haproxy.ts';
import { microsocks } from './microsocks.ts';
import { nodePipe, proxyChain } from './node-proxies.ts';
import { marvel } from './marvel.ts';
import { direct, splice } from './references.ts';
import { squid } from './squid.ts';
import type { Subject } from './subject.ts';
import { tinyproxy } from './tinyproxy.ts';

/** Everything that can be measured, in the order of the report. */
export const allSubjects: readonly Subject[] = [
  direct,
  splice,
  haproxy,
  marvel,
  dante,
  squid,
  nodePipe,
  proxyChain,
  tinyproxy,
  microsocks,
];
