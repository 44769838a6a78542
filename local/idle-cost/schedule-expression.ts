import { TierFailure } from '../tier/tier-failure.ts';

const MINUTES_PER_MONTH = 730 * 60;
const PER_MINUTE = { minute: 1, hour: 60, day: 24 * 60 } as const;
const RATE = /^rate\((\d+) (minute|hour|day)s?\)$/;
const CRON = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/;
const DAYS_PER_MONTH = 365 / 12;

/** How many values a field of AWS's cron takes, of `all` in its range; all for `*` and `?`. */
const valuesOf = (field: string, all: number): number => {
  if (field === '*' || field === '?') return all;
  const step = /^(?:\*|0|1)\/(\d+)$/.exec(field);
  if (step) return Math.ceil(all / Number(step[1]));
  return field.split(',').reduce((sum, part) => {
    const range = /^(\w+)-(\w+)$/.exec(part);
    if (range) return sum + span(range[1] ?? '', range[2] ?? '');
    if (/^\w+$/.test(part)) return sum + 1;
    throw new TierFailure(`cannot count ${field}`);
  }, 0);
};

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const numberOf = (text: string): number => {
  const weekday = WEEKDAYS.indexOf(text);
  const value = weekday >= 0 ? weekday + 1 : Number(text);
  if (Number.isNaN(value)) throw new TierFailure(`cannot count ${text}`);
  return value;
};
const span = (from: string, to: string): number => numberOf(to) - numberOf(from) + 1;

/**
 * How often in an average month a schedule of EventBridge starts something: `rate(…)`, or `cron(…)` in every year.
 * @throws TierFailure for an expression that it cannot read, rather than leaving its cost out
 */
export const timesPerMonth = (expression: string): number => {
  const [, count, unit] = RATE.exec(expression) ?? [];
  if (count && unit) return MINUTES_PER_MONTH / (Number(count) * PER_MINUTE[unit as keyof typeof PER_MINUTE]);
  const [, minute, hour, day, month, weekday, year] = CRON.exec(expression) ?? [];
  if (!minute || !hour || !day || !month || !weekday || year !== '*') throw new TierFailure(`Unknown schedule ${expression}.`);
  const perDay = valuesOf(minute, 60) * valuesOf(hour, 24);
  const share = valuesOf(month, 12) / 12;
  const anyWeekday = weekday === '?' || weekday === '*';
  const anyDay = day === '?' || day === '*';
  const days = anyWeekday
    ? anyDay
      ? DAYS_PER_MONTH
      : day === 'L'
        ? 1
        : valuesOf(day, 31)
    : (DAYS_PER_MONTH * valuesOf(weekday, 7)) / 7;
  return perDay * days * share;
};
