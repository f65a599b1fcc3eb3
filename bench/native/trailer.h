// How a bulk transfer of zeros ends: 16 hex digits of how many there were, and 0xff. So both ends can say whether all
// arrived, whatever a proxy between them makes of a half-closed connection.
#ifndef MARVEL_BENCH_TRAILER_H
#define MARVEL_BENCH_TRAILER_H
#include "common.h"

enum { TRAILER_END = 0xff, TRAILER = 17 };

// The newest bytes of a transfer.
struct tail {
  char bytes[TRAILER];
};

static inline void keep_tail(struct tail *tail, const char *bytes, size_t length) {
  size_t fresh = length < TRAILER ? length : TRAILER;
  memmove(tail->bytes, tail->bytes + fresh, TRAILER - fresh);
  memcpy(tail->bytes + TRAILER - fresh, bytes + length - fresh, fresh);
}

static inline bool has_trailer(const struct tail *tail) { return (unsigned char)tail->bytes[TRAILER - 1] == TRAILER_END; }

static inline uint64_t trailer_count(const struct tail *tail) {
  char digits[TRAILER] = {0};
  memcpy(digits, tail->bytes, TRAILER - 1);
  return strtoull(digits, NULL, 16);
}
#endif
