export { MarvelConnectionError } from './client/errors.ts';
export { MarvelHttpAgent, MarvelHttpsAgent, proxyAgents } from './proxy/agents.ts';
export type { ExitInfo } from './proxy/exit-info.ts';
export { exitOf, type ThroughTunnel } from './proxy/exit-of.ts';
export { tunnelOpener, type OpenTunnel, type ProxyOptions, type Tunnel } from './proxy/open-tunnel.ts';
export { MarvelProxyError, proxyErrorOf } from './proxy/proxy-error.ts';
