import { geoNaturalEarth1, geoPath } from 'd3-geo';
import { iso31661 } from 'iso-3166';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import atlas from 'world-atlas/countries-110m.json';

/** A country's outline on the map. */
export interface CountryShape {
  /** ISO 3166-1 alpha-2; the atlas' own name for what has no code. */
  readonly code: string;
  /** SVG path data. */
  readonly outline: string;
}

/** Without Antarctica, where no exit is and which would take a fifth of the map. */
const leftOut = '010';

/** Draws every country into a map of this size, in pixels. */
export function drawCountries(width: number, height: number): readonly CountryShape[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the file is what its package says it is
  const topology = atlas as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>;
  const { features } = feature(topology, topology.objects.countries);
  const shown = features.filter(({ id }) => id !== leftOut);
  const projection = geoNaturalEarth1().fitSize([width, height], { type: 'FeatureCollection', features: shown });
  const path = geoPath(projection).digits(1);
  const codes = new Map(iso31661.map(({ alpha2, numeric }) => [numeric, alpha2]));
  return shown.map((country) => ({
    code: codes.get(String(country.id)) ?? country.properties.name,
    outline: path(country) ?? '',
  }));
}
