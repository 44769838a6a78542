import type { InferenceRow } from './rows.ts';

const PANELS = [
  { metric: 'requests a second', title: 'requests/s', better: 'higher' },
  { metric: 'latency p95', title: 'latency p95, ms', better: 'lower' },
  { metric: 'processor time a request', title: 'processor ms a request', better: 'lower' },
] as const;
const CONCURRENCIES = [1, 4, 16, 64] as const;
const [LEFT, TOP, PANEL, GAP, HEIGHT, FOOT] = [10, 62, 240, 20, 130, 46];
const [BAR, GROUP] = [14, PANEL / CONCURRENCIES.length];
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .quiet { fill: #59636e; font-size: 11px } .ours { fill: #0969da }
  line { stroke: #d1d9e0 }
  .s0 { fill: #0969da } .s1 { fill: #bc4c00 } .s2 { fill: #8250df } .s3 { fill: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } .ours { fill: #4493f8 } line { stroke: #3d444d }
    .s0 { fill: #4493f8 } .s1 { fill: #db6d28 } .s2 { fill: #ab7df8 } .s3 { fill: #3fb950 }
  }`;

const round = (value: number): number => Math.round(value * 10) / 10;
const label = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));

/** Bars by number of requests at a time: throughput, p95 and processor time of every server, the first one's in figures. Light and dark. */
export const pictureOf = (rows: readonly InferenceRow[]): string => {
  const own = rows.filter(({ peer }) => peer === null);
  const servers = [...new Set(own.map(({ subject }) => subject))];
  const valueAt = (subject: string, metric: string, concurrency: number): number =>
    own.find((row) => row.subject === subject && row.metric === metric && row.concurrency === concurrency)?.value ?? 0;
  const foot = TOP + HEIGHT;
  const legend = servers.map(
    (server, index) =>
      `<rect class="s${index}" x="${LEFT + 190 * index}" y="10" width="12" height="12"/><text x="${LEFT + 190 * index + 18}" y="21">${server}</text>`,
  );
  const panels = PANELS.flatMap(({ metric, title, better }, panel) => {
    const left = LEFT + (PANEL + GAP) * panel;
    const bars = CONCURRENCIES.flatMap((at, group) => {
      // Each group to a scale of its own: a latency at 64 would leave nothing to see of one at 1.
      const highest = Math.max(...servers.map((server) => valueAt(server, metric, at)), Number.EPSILON);
      const start = left + GROUP * group + (GROUP - BAR * servers.length) / 2;
      const middle = round(left + GROUP * (group + 0.5));
      const own = servers.flatMap((server, index) => {
        const value = valueAt(server, metric, at);
        const height = round((HEIGHT * value) / highest);
        const x = round(start + BAR * index);
        return [
          `<rect class="s${index}" x="${x}" y="${round(foot - height)}" width="${BAR - 2}" height="${height}"><title>${server}, ${at} at a time: ${label(value)}</title></rect>`,
        ];
      });
      return [
        ...own,
        `<text class="quiet" x="${middle}" y="${foot + 16}" text-anchor="middle">at ${at}</text>`,
        `<text class="ours" x="${middle}" y="${foot + 34}" text-anchor="middle">${label(valueAt(servers[0] ?? '', metric, at))}</text>`,
      ];
    });
    return [
      `<text x="${left}" y="${TOP - 14}">${title}<tspan class="quiet"> (${better} is better)</tspan></text>`,
      `<line x1="${left}" x2="${left + PANEL}" y1="${foot}" y2="${foot}"/>`,
      ...bars,
    ];
  });
  const [width, height] = [2 * LEFT + PANELS.length * (PANEL + GAP) - GAP, foot + FOOT];
  const title = `${servers.join(', ')} at ${CONCURRENCIES.join(', ')} requests at a time`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<style>${STYLE}\n</style>`,
    ...legend,
    ...panels,
    '</svg>\n',
  ].join('\n');
};
