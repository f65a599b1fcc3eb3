// What the three programs of the benchmark share: addresses, sockets, the clock, and dying with the harness.
#ifndef MARVEL_BENCH_COMMON_H
#define MARVEL_BENCH_COMMON_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// One request or answer of each small workload, bytes.
enum { EXCHANGE_UP = 200, EXCHANGE_DOWN = 1024, MESSAGE = 64, HTTP_BODY = 1024 };

enum { BULK = 256 * 1024, BACKLOG = 4096, EVENTS = 512 };

static inline void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static inline void die_saying(const char *what, const char *detail) {
  fprintf(stderr, "%s: %s\n", what, detail);
  exit(1);
}

static inline uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

// `127.0.0.1:8080`; only loopback, since nothing here is fit for any other network.
static inline struct sockaddr_in parse_address(const char *text) {
  char host[64];
  const char *colon = strrchr(text, ':');
  if (colon == NULL || (size_t)(colon - text) >= sizeof host) die_saying("not an address", text);
  memcpy(host, text, (size_t)(colon - text));
  host[colon - text] = 0;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die_saying("not an IPv4 address", text);
  if ((ntohl(address.sin_addr.s_addr) >> 24) != 127) die_saying("not a loopback address", text);
  return address;
}

static inline void set_no_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Listens, and says where on stdout, as one line of JSON.
static inline int listen_on(const char *text) {
  struct sockaddr_in address = parse_address(text);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) die("socket");
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(fd, BACKLOG) < 0) die("listen");
  socklen_t length = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) die("getsockname");
  printf("{\"event\":\"listening\",\"port\":%u}\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

// A socket on its way to an address; its end is told by EPOLLOUT.
static inline int start_connect(const struct sockaddr_in *address) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  set_no_delay(fd);
  if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 && errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

static inline int connect_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return errno;
  return error;
}

static inline void watch(int epoll, int operation, int fd, uint32_t events, void *owner) {
  struct epoll_event event = {.events = events, .data.ptr = owner};
  if (epoll_ctl(epoll, operation, fd, &event) < 0) die("epoll_ctl");
}

// Where in `\r\n\r\n` a head is, one byte further; 4 is its end.
static inline unsigned match_head_end(unsigned matched, char byte) {
  if (byte == (matched % 2 == 0 ? '\r' : '\n')) return matched + 1;
  return byte == '\r' ? 1 : 0;
}

static inline void prepare_process(void) {
  signal(SIGPIPE, SIG_IGN);
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// The harness holds the other end of stdin: when it is gone, so are we.
static inline void watch_harness(int epoll, void *owner) {
  fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  watch(epoll, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, owner);
}

// Reads one letter of command; 0 for none. Exits with the harness.
static inline char read_command(void) {
  char command[64];
  ssize_t length = read(STDIN_FILENO, command, sizeof command);
  if (length == 0) exit(0);
  return length > 0 ? command[0] : 0;
}

static inline const char *option(int count, char **values, const char *name, const char *fallback) {
  for (int index = 1; index + 1 < count; index += 2) {
    if (strcmp(values[index], name) == 0) return values[index + 1];
  }
  return fallback;
}

static inline const char *required_option(int count, char **values, const char *name) {
  const char *value = option(count, values, name, NULL);
  if (value == NULL) die_saying("missing option", name);
  return value;
}
#endif
