import type { CountryAvailability } from '@marvel/sdk';
import { useEffect, useState } from 'preact/hooks';
import { formatPlural } from '../format/bytes.ts';
import { countryName } from '../format/country.ts';
import type { CountryShape } from './country-shapes.ts';

export const mapWidth = 960;
export const mapHeight = 440;

interface WorldMapProps {
  readonly countries: readonly CountryAvailability[];
}

/** Where exits are. It says nothing that the table beneath does not, so it is a picture to those who hear the page. */
export function WorldMap({ countries }: WorldMapProps) {
  const [shapes, setShapes] = useState<readonly CountryShape[]>([]);
  useEffect(() => {
    let isWanted = true;
    // The page is whole without its map.
    import('./country-shapes.ts').then(
      ({ drawCountries }) => isWanted && setShapes(drawCountries(mapWidth, mapHeight)),
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, []);
  const found = new Map(countries.map((one) => [one.country, one]));
  return (
    <svg
      class="world"
      viewBox={`0 0 ${mapWidth} ${mapHeight}`}
      role="img"
      aria-label="Map of the countries with live exits; the table below says the same"
    >
      {shapes.map(({ code, outline }) => {
        const here = found.get(code);
        if (here === undefined) return <path key={code} d={outline} />;
        return (
          <path key={code} d={outline} class={`grade-${here.dominant_grade.toLowerCase()}`}>
            <title>{`${countryName(code)}: ${formatPlural(here.exits, 'exit')}, mostly grade ${here.dominant_grade}`}</title>
          </path>
        );
      })}
    </svg>
  );
}
