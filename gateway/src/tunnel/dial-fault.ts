/**
 * Why an exit did not open the way to a destination.
 *
 * - `exit`: the exit cannot be reached, refuses us, or does not speak as it should. Another may do.
 * - `destination`: the exit works and says that the destination cannot be reached.
 * - `forbidden`: the exit works and says that policy refuses the destination.
 * - `timeout`: no time is left.
 * - `overloaded`: this machine has nothing left to dial with.
 * - `abandoned`: the client has gone.
 */
export type DialFault = 'exit' | 'destination' | 'forbidden' | 'timeout' | 'overloaded' | 'abandoned';
