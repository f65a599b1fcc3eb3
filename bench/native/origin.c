// The origin of every workload. The first byte that a client sends chooses what it gets:
//   D  zeros without end, until it sends Q      U  its zeros are counted until it sends 0xff
//   X  1 KiB for every 200 B                    E  64 B for every 64 B
//   G  an HTTP response of 1 KiB for every head C  a CONNECT: answered 200, then the choice again
//   L  one byte, once every U is looked at: until then its zeros are dropped unseen, without a copy
// The last makes it an exit and its origin in one, which costs the load core no more than an origin alone.
//
// origin --listen 127.0.0.1:0
#include "trailer.h"

enum mode { UNDECIDED, CONNECT_HEAD, SOURCE, SINK, EXCHANGE, ECHO, HTTP };

struct client {
  int fd;
  enum mode mode;
  bool stopping;
  unsigned matched;
  unsigned have;
  unsigned trailer_sent;
  uint64_t count;
};

static int epoll;
static char zeros[BULK];
static char input[BULK];
static bool looking;
static char http_response[HTTP_BODY + 256];
static size_t http_response_length;

static void drop(struct client *client) {
  close(client->fd);
  free(client);
}

// Small answers fit any socket buffer of a client that reads; one that does not is dropped.
static bool answer(struct client *client, const char *bytes, size_t length) {
  return send(client->fd, bytes, length, 0) == (ssize_t)length;
}

static bool send_trailer(struct client *client) {
  char trailer[TRAILER + 1];
  snprintf(trailer, sizeof trailer, "%016llx%c", (unsigned long long)client->count, TRAILER_END);
  ssize_t sent = send(client->fd, trailer + client->trailer_sent, TRAILER - client->trailer_sent, 0);
  if (sent < 0) return errno == EAGAIN;
  client->trailer_sent += (unsigned)sent;
  if (client->trailer_sent == TRAILER) watch(epoll, EPOLL_CTL_MOD, client->fd, EPOLLIN, client);
  return true;
}

static bool pour(struct client *client) {
  if (client->stopping) return send_trailer(client);
  ssize_t sent = send(client->fd, zeros, sizeof zeros, 0);
  if (sent < 0) return errno == EAGAIN;
  client->count += (uint64_t)sent;
  return true;
}

static bool choose(struct client *client, char first) {
  switch (first) {
  case 'C': client->mode = CONNECT_HEAD; return true;
  case 'G': client->mode = HTTP; return true;
  case 'U':
    client->mode = SINK;
    looking = false;
    return true;
  case 'L':
    looking = true;
    return answer(client, "L", 1);
  case 'X': client->mode = EXCHANGE; return true;
  case 'E': client->mode = ECHO; return true;
  case 'D':
    client->mode = SOURCE;
    watch(epoll, EPOLL_CTL_MOD, client->fd, EPOLLIN | EPOLLOUT, client);
    return true;
  default: return false;
  }
}

// Gives how many of `length` bytes it used, -1 to drop the client.
static ssize_t use_head(struct client *client, const char *bytes, size_t length) {
  for (size_t index = 0; index < length; index++) {
    client->matched = match_head_end(client->matched, bytes[index]);
    if (client->matched < 4) continue;
    client->matched = 0;
    if (client->mode == HTTP) {
      if (!answer(client, http_response, http_response_length)) return -1;
      continue;
    }
    static const char established[] = "HTTP/1.1 200 OK\r\n\r\n";
    client->mode = UNDECIDED;
    return answer(client, established, sizeof established - 1) ? (ssize_t)index + 1 : -1;
  }
  return (ssize_t)length;
}

static bool use_rounds(struct client *client, size_t length, unsigned up, unsigned down) {
  client->have += (unsigned)length;
  for (; client->have >= up; client->have -= up) {
    if (!answer(client, zeros, down)) return false;
  }
  return true;
}

static bool use(struct client *client, const char *bytes, size_t length) {
  while (length > 0) {
    switch (client->mode) {
    case UNDECIDED:
      if (!choose(client, bytes[0])) return false;
      // The letters of the bulk modes are no part of the transfer.
      if (client->mode == SOURCE || client->mode == SINK || client->mode == UNDECIDED) bytes++, length--;
      break;
    case CONNECT_HEAD:
    case HTTP: {
      ssize_t used = use_head(client, bytes, length);
      if (used < 0) return false;
      bytes += used, length -= (size_t)used;
      break;
    }
    case SOURCE:
      if (memchr(bytes, 'Q', length) != NULL) client->stopping = true;
      return true;
    case SINK:
      client->count += length;
      if (!looking) return true;
      if ((unsigned char)bytes[length - 1] != TRAILER_END) return true;
      client->count--;
      return send_trailer(client);
    case EXCHANGE: return use_rounds(client, length, EXCHANGE_UP, EXCHANGE_DOWN);
    case ECHO: return use_rounds(client, length, MESSAGE, MESSAGE);
    }
  }
  return true;
}

static void serve(struct client *client, uint32_t events) {
  if (events & EPOLLIN) {
    ssize_t length = recv(client->fd, input, sizeof input, client->mode == SINK && !looking ? MSG_TRUNC : 0);
    if (length == 0 || (length < 0 && errno != EAGAIN) || (length > 0 && !use(client, input, (size_t)length))) {
      drop(client);
      return;
    }
  } else if (events & (EPOLLERR | EPOLLHUP)) {
    drop(client);
    return;
  }
  if ((events & EPOLLOUT) && !pour(client)) drop(client);
}

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL) die("calloc");
    client->fd = fd;
    set_no_delay(fd);
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, client);
  }
}

int main(int count, char **values) {
  prepare_process();
  memset(http_response, 'x', sizeof http_response);
  int head = snprintf(http_response, 256, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", HTTP_BODY);
  http_response[head] = 'x';
  http_response_length = (size_t)head + HTTP_BODY;

  epoll = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_on(required_option(count, values, "--listen"));
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, &listener);
  watch_harness(epoll, &epoll);
  struct epoll_event events[EVENTS];
  for (;;) {
    int ready = epoll_wait(epoll, events, EVENTS, -1);
    for (int index = 0; index < ready; index++) {
      void *owner = events[index].data.ptr;
      if (owner == &listener) accept_all(listener);
      else if (owner == &epoll) read_command();
      else serve(owner, events[index].events);
    }
  }
}
