// How a client of each kind of proxy asks for a tunnel, and reads that it has one.
#ifndef MARVEL_BENCH_HANDSHAKE_H
#define MARVEL_BENCH_HANDSHAKE_H
#include "common.h"

enum speak { RAW, CONNECT, SOCKS5 };
enum handshake_phase { CONNECTING, HEAD, SOCKS_METHOD, SOCKS_LOGIN, SOCKS_REPLY, OPENED, REFUSED };

struct handshake {
  enum handshake_phase phase;
  unsigned matched;
  unsigned have;
  char start[13]; // `HTTP/1.1 200 `, or what SOCKS5 says
};

static enum speak speak;
static char connect_head[1024];
static size_t connect_head_length;
static unsigned char login[3 + 255 + 255], socks_request[10];
static size_t login_length;

// `speak` is raw, connect or socks5; user and password may be empty.
static inline void prepare_handshake(const char *name, const char *to, const char *auth, const char *user, const char *password) {
  speak = strcmp(name, "connect") == 0 ? CONNECT : strcmp(name, "socks5") == 0 ? SOCKS5 : RAW;
  char credentials[512] = "";
  if (auth[0] != 0) snprintf(credentials, sizeof credentials, "Proxy-Authorization: Basic %s\r\n", auth);
  connect_head_length = (size_t)snprintf(connect_head, sizeof connect_head, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", to, to, credentials);
  struct sockaddr_in address = parse_address(to);
  memcpy(socks_request, "\5\1\0\1", 4);
  memcpy(socks_request + 4, &address.sin_addr, 4);
  memcpy(socks_request + 8, &address.sin_port, 2);
  if (user[0] == 0) return;
  login_length = (size_t)snprintf((char *)login, sizeof login, "\1%c%s%c%s", (int)strlen(user), user, (int)strlen(password), password);
}

static inline bool send_all(int fd, const void *bytes, size_t length) {
  return send(fd, bytes, length, 0) == (ssize_t)length;
}

static inline enum handshake_phase refuse(struct handshake *handshake) { return handshake->phase = REFUSED; }

static inline enum handshake_phase read_connect_reply(struct handshake *handshake, int fd) {
  char input[4096];
  ssize_t length = recv(fd, input, sizeof input, 0);
  if (length < 0 && errno == EAGAIN) return HEAD;
  if (length <= 0) return refuse(handshake);
  for (ssize_t index = 0; index < length; index++) {
    if (handshake->have < sizeof handshake->start) handshake->start[handshake->have++] = input[index];
    handshake->matched = match_head_end(handshake->matched, input[index]);
  }
  if (handshake->matched < 4) return HEAD;
  bool opened = handshake->have == sizeof handshake->start && memcmp(handshake->start + 8, " 200", 4) == 0;
  return handshake->phase = opened ? OPENED : REFUSED;
}

static inline enum handshake_phase read_socks(struct handshake *handshake, int fd) {
  unsigned wanted = handshake->phase == SOCKS_REPLY ? 10 : 2;
  ssize_t length = recv(fd, handshake->start + handshake->have, wanted - handshake->have, 0);
  if (length < 0 && errno == EAGAIN) return handshake->phase;
  if (length <= 0) return refuse(handshake);
  handshake->have += (unsigned)length;
  if (handshake->have < wanted) return handshake->phase;
  handshake->have = 0;
  char answer = handshake->start[1];
  if (handshake->phase == SOCKS_METHOD && answer == 2) {
    return handshake->phase = send_all(fd, login, login_length) ? SOCKS_LOGIN : REFUSED;
  }
  if (answer != 0) return refuse(handshake);
  if (handshake->phase == SOCKS_REPLY) return handshake->phase = OPENED;
  return handshake->phase = send_all(fd, socks_request, sizeof socks_request) ? SOCKS_REPLY : REFUSED;
}

// One step, on any event of the socket.
static inline enum handshake_phase shake(struct handshake *handshake, int fd, uint32_t events) {
  switch (handshake->phase) {
  case CONNECTING:
    if (connect_error(fd) != 0) return refuse(handshake);
    if (!(events & EPOLLOUT)) return CONNECTING;
    if (speak == RAW) return handshake->phase = OPENED;
    if (speak == CONNECT) return handshake->phase = send_all(fd, connect_head, connect_head_length) ? HEAD : REFUSED;
    return handshake->phase = send_all(fd, login_length > 0 ? "\5\1\2" : "\5\1\0", 3) ? SOCKS_METHOD : REFUSED;
  case HEAD: return read_connect_reply(handshake, fd);
  case SOCKS_METHOD:
  case SOCKS_LOGIN:
  case SOCKS_REPLY: return read_socks(handshake, fd);
  case OPENED:
  case REFUSED: break;
  }
  return handshake->phase;
}
#endif
