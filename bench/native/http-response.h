// Reads one HTTP response with a length, a piece at a time.
#ifndef MARVEL_BENCH_HTTP_RESPONSE_H
#define MARVEL_BENCH_HTTP_RESPONSE_H
#include "common.h"

struct response {
  unsigned matched;
  size_t head_length, body_left;
  bool closes; // the connection serves no further request
  char head[1024];
};

enum response_state { RESPONSE_PARTIAL, RESPONSE_WHOLE, RESPONSE_BROKEN };

static inline void expect_response(struct response *response) {
  response->matched = 0;
  response->head_length = response->body_left = 0;
}

static inline bool has_begun(const struct response *response) { return response->head_length > 0; }

static inline bool understand_head(struct response *response) {
  response->head[response->head_length] = 0;
  const char *length = strcasestr(response->head, "\r\ncontent-length:");
  if (response->head_length < 12 || memcmp(response->head + 8, " 200", 4) != 0 || length == NULL) return false;
  response->body_left = (size_t)atoi(length + 17);
  response->closes = strcasestr(response->head, "\r\nconnection: close") != NULL;
  return true;
}

// Broken is a head that is too long, or not a 200 with a length.
static inline enum response_state take_response(struct response *response, const char *bytes, size_t length) {
  size_t index = 0;
  while (index < length && response->matched < 4) {
    if (response->head_length + 1 >= sizeof response->head) return RESPONSE_BROKEN;
    response->head[response->head_length++] = bytes[index];
    response->matched = match_head_end(response->matched, bytes[index++]);
    if (response->matched == 4 && !understand_head(response)) return RESPONSE_BROKEN;
  }
  if (response->matched < 4) return RESPONSE_PARTIAL;
  size_t body = length - index;
  response->body_left -= body < response->body_left ? body : response->body_left;
  return response->body_left == 0 ? RESPONSE_WHOLE : RESPONSE_PARTIAL;
}
#endif
