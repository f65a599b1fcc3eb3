export { MarvelDispatcher, type MarvelDispatcherOptions } from './undici/dispatcher.ts';
