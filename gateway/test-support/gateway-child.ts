import * as v from 'valibot';
import { TestGateway } from './test-gateway.ts';

// A test gateway in a process of its own, for tests that take its file descriptors away or look at its memory: port of its
// one exit and settings in, one line out.

const Settings = v.record(v.string(), v.string());
const [, , exitPort, settings = '{}'] = process.argv;
const gateway = await TestGateway.start(v.parse(Settings, JSON.parse(settings)));
gateway.addExit(Number(exitPort));
const { address, key } = gateway;
process.stdout.write(`${JSON.stringify({ address, tlsAddress: gateway.gateway.addresses.tls ?? '', key })}\n`);
