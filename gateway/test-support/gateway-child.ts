import { TestGateway } from './test-gateway.ts';

// A test gateway in a process of its own, for tests that take its file descriptors away: port of its one exit in, one line out.

const gateway = await TestGateway.start();
gateway.addExit(Number(process.argv[2]));
process.stdout.write(`${JSON.stringify({ address: gateway.address, key: gateway.key })}\n`);
