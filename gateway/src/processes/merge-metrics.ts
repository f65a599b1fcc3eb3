/** The metrics of one process, as it gave them. */
export interface ProcessMetrics {
  readonly process: number;
  readonly gateway: string;
  readonly text: string;
}

/**
 * The metrics of several processes as those of one target: every series has a label more that says whose it is, so the
 * counters of a process that starts anew are seen to start anew. Source: Prometheus text format 0.0.4.
 */
export function mergeMetrics(parts: readonly ProcessMetrics[]): string {
  const families = new Map<string, { readonly heads: Set<string>; readonly samples: string[] }>();
  for (const { process, gateway, text } of parts) {
    const labels = `process="${process}",gateway="${gateway}"`;
    let family: { readonly heads: Set<string>; readonly samples: string[] } | undefined;
    for (const line of text.split('\n')) {
      if (line.startsWith('# ')) {
        const [, , name = ''] = line.split(' ', 3);
        family = families.get(name) ?? { heads: new Set(), samples: [] };
        families.set(name, family);
        family.heads.add(line);
      } else if (line !== '') family?.samples.push(labelled(line, labels));
    }
  }
  return [...families.values()].flatMap(({ heads, samples }) => [...heads, ...samples, '']).join('\n');
}

function labelled(sample: string, labels: string): string {
  const [name = ''] = /^[^{ ]+/.exec(sample) ?? [];
  const rest = sample.slice(name.length);
  if (!rest.startsWith('{')) return `${name}{${labels}}${rest}`;
  return `${name}{${labels}${rest.startsWith('{}') ? '' : ','}${rest.slice(1)}`;
}
