import type { CountryAvailability } from '@marvel/shared/api/availability';
import { type Grade, grades } from '@marvel/shared/exit';

/** What is counted of the live exits of one country. */
export interface CountryCount {
  readonly country: string;
  readonly exits: number;
  readonly grades: Readonly<Record<Grade, number>>;
  readonly meanPurity: number;
  readonly dials: number;
  readonly failedDials: number;
}

/** Says what is counted as the API says it. Of grades that are equally many the best is the dominant one. */
export function toAvailability(count: CountryCount): CountryAvailability {
  const { country, exits, dials, failedDials } = count;
  return {
    country,
    exits,
    dominant_grade: dominantGrade(count.grades),
    mean_purity: rounded(count.meanPurity, 1),
    grades: { ...count.grades },
    dial_success: dials === 0 ? null : rounded((dials - failedDials) / dials, 3),
  };
}

function dominantGrade(counts: Readonly<Record<Grade, number>>): Grade {
  let dominant: Grade = grades[0];
  for (const grade of grades) if (counts[grade] > counts[dominant]) dominant = grade;
  return dominant;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
