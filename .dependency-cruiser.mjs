// The arrows of docs/architecture.md: which room may import which. Type-only imports count too unless a rule says otherwise.

const testFile = '[.]test[.]ts$';
/** Tests, and the parts that several of them share. */
const testCode = `(${testFile}|^[^/]+/test-support/)`;
const gatewayFolders = 'sockets|accept|dialects|admit|forward|tunnel|feed|usage|observe';

/** What speaks to the control API for people does so through the client that everybody has. */
const roomsOnTheSdk = ['dashboard', 'cli'];
const rooms = ['gateway', 'edge-api', 'exit-agent', 'sdk', 'drizzle'];
const others = [...rooms, ...roomsOnTheSdk, 'conformance', 'bench'].join('|');

/** A room sees itself, `shared` and packages, and no other room but those in `seen`. */
function onlyShared(room, seen) {
  return {
    name: `${room}-sees-only-shared`,
    comment: `${room} and the other rooms agree through shared only. (Tests may start a dev-stack.)`,
    severity: 'error',
    from: { path: `^${room}/`, pathNot: testCode },
    to: { path: `^(${others}|dev-stack)/`, pathNot: `^(${seen})/` },
  };
}

/** What `onlyShared` leaves to the tests of a room: a dev-stack, and nothing of another room. */
function testsSeeDevStack(room, seen) {
  return {
    name: `${room}-tests-see-only-shared-and-dev-stack`,
    comment: `The tests of ${room} reach the other rooms through a running dev-stack.`,
    severity: 'error',
    from: { path: `^${room}/(test-support/|.*${testFile})` },
    to: { path: `^(${others})/`, pathNot: `^(${seen})/` },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...rooms.flatMap((room) => [onlyShared(room, room), testsSeeDevStack(room, room)]),
    ...roomsOnTheSdk.flatMap((room) => [onlyShared(room, `${room}|sdk`), testsSeeDevStack(room, `${room}|sdk`)]),
    {
      name: 'shared-sees-no-room',
      comment: 'shared is what the rooms agree on, so it knows none of them.',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(gateway|edge-api|exit-agent|dashboard|sdk|cli|drizzle|dev-stack|conformance|bench|scripts)/' },
    },
    {
      name: 'shared-sees-no-node',
      comment: 'The same files run in Node and in workerd: Web APIs and pure packages only.',
      severity: 'error',
      from: { path: '^shared/src/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'sdk-client-sees-no-node',
      comment: 'The client of the control API also runs in browsers and workers.',
      severity: 'error',
      from: { path: '^sdk/src/', pathNot: [testFile, '^sdk/src/(proxy|undici)(/|[.]ts$)'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'sdk-client-sees-no-proxy',
      comment: 'What needs node: is reached by another entry of the package.',
      severity: 'error',
      from: { path: '^sdk/src/', pathNot: [testFile, '^sdk/src/(proxy|undici)(/|[.]ts$)'] },
      to: { path: '^sdk/src/(proxy|undici)(/|[.]ts$)' },
    },
    {
      name: 'gateway-siblings-apart',
      comment: 'The folders of the gateway are joined by files at its root, never by one another.',
      severity: 'error',
      from: { path: `^gateway/src/(${gatewayFolders})/`, pathNot: testFile },
      to: { path: '^gateway/src/', pathNot: '^gateway/src/$1/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'gateway-siblings-join-at-the-root',
      comment: 'A file at the root of the gateway that joins folders is one of those that exist for it.',
      severity: 'error',
      from: {
        path: '^gateway/src/[^/]+[.]ts$',
        pathNot: [
          testFile,
          '^gateway/src/(main|config|setting-schemas|gateway|open-doors|open-way|serve-connection|serve-requests|serve-tunnel)[.]ts$',
        ],
      },
      to: { path: `^gateway/src/(${gatewayFolders})/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'domain-is-pure',
      comment: 'edge-api/domain: values in, values out. No Hono, SQL, vendor or HTTP.',
      severity: 'error',
      from: { path: '^edge-api/src/domain/', pathNot: testFile },
      to: {
        path: [
          '^edge-api/src/(store|routes|http|vendor|jobs|dialects)/',
          '^edge-api/src/(worker|app)[.]ts$',
          '(^|/)node_modules/(hono|@hono/[^/]+|drizzle-orm|@neondatabase/[^/]+|stripe)/',
        ],
      },
    },
    {
      name: 'store-looks-down-only',
      comment: 'The arrow is routes > domain > store: the store and the vendors know nothing of HTTP or the routes.',
      severity: 'error',
      from: { path: '^edge-api/src/(store|vendor)/', pathNot: testFile },
      to: {
        path: [
          '^edge-api/src/(routes|http|jobs|dialects)/',
          '^edge-api/src/(worker|app)[.]ts$',
          '(^|/)node_modules/(hono|@hono/[^/]+)/',
        ],
      },
    },
    {
      name: 'sql-only-in-store',
      comment: 'edge-api/store is the only place that knows SQL.',
      severity: 'error',
      from: { path: '^edge-api/src/', pathNot: ['^edge-api/src/store/', testFile] },
      to: { path: '(^|/)node_modules/(drizzle-orm|@neondatabase/[^/]+)/' },
    },
    {
      name: 'stripe-only-in-vendor',
      comment: 'edge-api/vendor holds the only files that know the Stripe API.',
      severity: 'error',
      from: { path: '^edge-api/src/', pathNot: ['^edge-api/src/vendor/', testFile] },
      to: { path: '(^|/)node_modules/stripe/' },
    },
    {
      name: 'dev-stack-is-for-tests',
      comment: 'The dev-stack is imported by itself, tests, conformance and bench.',
      severity: 'error',
      from: { pathNot: ['^(dev-stack|conformance|bench)/', testCode] },
      to: { path: '^dev-stack/' },
    },
    {
      name: 'dev-stack-is-a-black-box-host',
      comment: 'The dev-stack starts the rooms as processes; it does not import them.',
      severity: 'error',
      from: { path: '^dev-stack/' },
      to: { path: '^(gateway|edge-api|exit-agent|dashboard|sdk|cli|conformance|bench)/' },
    },
    {
      name: 'conformance-is-black-box',
      comment: 'conformance speaks to public ports only; it knows nothing of what answers.',
      severity: 'error',
      from: { path: '^conformance/' },
      to: { path: '^(gateway|edge-api|exit-agent|drizzle|bench)/' },
    },
    {
      name: 'bench-measures-from-outside',
      comment: 'bench starts what it measures as a process; of the gateway it also measures the feed by itself.',
      severity: 'error',
      from: { path: '^bench/' },
      to: { path: `^(${others})/`, pathNot: ['^bench/', '^gateway/src/(edge-client[.]ts$|feed/)'] },
    },
    {
      name: 'scripts-see-only-shared',
      comment: 'What checks and builds the repository runs the rooms; it does not import them.',
      severity: 'error',
      from: { path: '^scripts/' },
      to: { path: `^(${others}|dev-stack)/` },
    },
    {
      name: 'test-support-is-for-tests',
      comment: 'What tests share is no part of what runs.',
      severity: 'error',
      from: { pathNot: testCode },
      to: { path: '^[^/]+/test-support/' },
    },
    {
      name: 'tests-are-leaves',
      comment: 'Nothing imports a test file.',
      severity: 'error',
      from: {},
      to: { path: `^(?!node_modules/).*${testFile}` },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      comment: 'An import that resolves to nothing would hide from every rule above.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(cloudflare:|node:)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
    // Only of the rooms: a package keeps its code in its own dist/.
    exclude: { path: ['^(dist|coverage|[.]wrangler|[.]marvel)/', '^[^/]+/(dist|coverage|[.]wrangler|[.]marvel)/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['workerd', 'worker', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json', '.wasm', '.d.ts'],
    },
  },
};
