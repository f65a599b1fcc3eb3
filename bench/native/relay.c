// A relay of ours on splice(2): what moving bytes through a process costs at least. Three uses:
//   relay --listen A --to B                              each connection goes to B
//   relay --listen A --to B --via C --auth <base64>      the same, by CONNECT through the proxy C with credentials
//   relay --listen A --exit yes [--auth <base64>]        an exit: answers CONNECT, checks credentials if given any
// Quiet directions go through one shared buffer; one that fills it borrows a pipe and is spliced until it is quiet.
#include "common.h"

enum { SMALL = 64 * 1024, PIPE = 1024 * 1024, ROUNDS = 8, HEAD_MAX = 8 * 1024, SPARE_PIPES = 1024 };

enum phase { READ_REQUEST, DIALLING, READ_REPLY, RELAYING, CLOSED };

struct tunnel;
struct side {
  struct tunnel *tunnel;
  int fd;
  bool readable, writable, ended, shut;
  // What was read from this side and the other has not taken: in a pipe, or `kept` bytes on the heap.
  int pipe[2];
  size_t piped;
  char *kept;
  size_t kept_length;
  bool streaming;
};
struct tunnel {
  struct side side[2]; // 0: who came; 1: where it goes
  enum phase phase;
  char *head;
  size_t head_length;
  struct tunnel *next_ready;
  bool is_ready;
};

static int epoll;
static struct sockaddr_in destination;
static bool is_exit, via_proxy;
static const char *auth, *target;
static char shared[SMALL];
static int spare_pipes[SPARE_PIPES][2];
static int spare_count;
static struct tunnel *ready_list, *closed_list;

static void release_pipe(struct side *side) {
  if (side->pipe[0] < 0) return;
  if (side->piped == 0 && spare_count < SPARE_PIPES) {
    spare_pipes[spare_count][0] = side->pipe[0];
    spare_pipes[spare_count++][1] = side->pipe[1];
  } else {
    close(side->pipe[0]);
    close(side->pipe[1]);
  }
  side->pipe[0] = side->pipe[1] = -1;
}

static bool borrow_pipe(struct side *side) {
  if (side->pipe[0] >= 0) return true;
  if (spare_count > 0) {
    side->pipe[0] = spare_pipes[--spare_count][0];
    side->pipe[1] = spare_pipes[spare_count][1];
    return true;
  }
  if (pipe2(side->pipe, O_NONBLOCK | O_CLOEXEC) < 0) return false;
  fcntl(side->pipe[1], F_SETPIPE_SZ, PIPE);
  return true;
}

// The memory goes after the batch of events, which may still name it.
static void finish(struct tunnel *tunnel) {
  if (tunnel->phase == CLOSED) return;
  tunnel->phase = CLOSED;
  for (int index = 0; index < 2; index++) {
    struct side *side = &tunnel->side[index];
    if (side->fd >= 0) close(side->fd);
    release_pipe(side);
    free(side->kept);
  }
  free(tunnel->head);
  if (!tunnel->is_ready) {
    tunnel->next_ready = closed_list;
    closed_list = tunnel;
  }
}

static void put_off(struct tunnel *tunnel) {
  if (tunnel->is_ready) return;
  tunnel->is_ready = true;
  tunnel->next_ready = ready_list;
  ready_list = tunnel;
}

enum step { MOVED, STUCK, BROKEN };

static enum step flush(struct side *from, struct side *to) {
  if (from->kept_length > 0) {
    ssize_t sent = send(to->fd, from->kept, from->kept_length, 0);
    if (sent < 0 && errno != EAGAIN) return BROKEN;
    if (sent > 0) memmove(from->kept, from->kept + sent, from->kept_length -= (size_t)sent);
    if (from->kept_length > 0) return to->writable = false, STUCK;
    free(from->kept);
    from->kept = NULL;
  }
  while (from->piped > 0) {
    ssize_t sent = splice(from->pipe[0], NULL, to->fd, NULL, from->piped, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (sent < 0 && errno == EAGAIN) return to->writable = false, STUCK;
    if (sent <= 0) return BROKEN;
    from->piped -= (size_t)sent;
  }
  return MOVED;
}

static enum step copy_small(struct side *from, struct side *to) {
  ssize_t length = recv(from->fd, shared, SMALL, 0);
  if (length < 0) return errno == EAGAIN ? (from->readable = false, STUCK) : BROKEN;
  if (length == 0) return from->ended = true, MOVED;
  from->streaming = length == SMALL;
  ssize_t sent = send(to->fd, shared, (size_t)length, 0);
  if (sent < 0 && errno != EAGAIN) return BROKEN;
  size_t taken = sent < 0 ? 0 : (size_t)sent;
  if (taken < (size_t)length) {
    from->kept_length = (size_t)length - taken;
    from->kept = malloc(from->kept_length);
    if (from->kept == NULL) die("malloc");
    memcpy(from->kept, shared + taken, from->kept_length);
    to->writable = false;
  }
  // A short read emptied the socket: its next byte brings a new event.
  if (length < SMALL) return from->readable = false, STUCK;
  return MOVED;
}

static enum step splice_in(struct side *from) {
  ssize_t length = splice(from->fd, NULL, from->pipe[1], NULL, PIPE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (length < 0 && errno == EAGAIN) {
    from->readable = false;
    from->streaming = false;
    release_pipe(from);
    return STUCK;
  }
  if (length < 0) return BROKEN;
  if (length == 0) return from->ended = true, MOVED;
  from->piped += (size_t)length;
  return MOVED;
}

static enum step step(struct side *from, struct side *to) {
  if (from->kept_length > 0 || from->piped > 0) {
    if (!to->writable) return STUCK;
    return flush(from, to);
  }
  if (from->ended) {
    if (!from->shut) shutdown(to->fd, SHUT_WR);
    from->shut = true;
    return STUCK;
  }
  if (!from->readable) return STUCK;
  return from->streaming && borrow_pipe(from) ? splice_in(from) : copy_small(from, to);
}

static void relay(struct tunnel *tunnel) {
  struct side *side = tunnel->side;
  for (int direction = 0; direction < 2; direction++) {
    enum step result = MOVED;
    for (int round = 0; round < ROUNDS * 2 && result == MOVED; round++) result = step(&side[direction], &side[!direction]);
    if (result == BROKEN) {
      finish(tunnel);
      return;
    }
    if (result == MOVED) put_off(tunnel);
  }
  if (side[0].shut && side[1].shut) finish(tunnel);
}

static void dial(struct tunnel *tunnel, const struct sockaddr_in *address) {
  struct side *side = &tunnel->side[1];
  side->fd = start_connect(address);
  if (side->fd < 0) {
    finish(tunnel);
    return;
  }
  tunnel->phase = DIALLING;
  watch(epoll, EPOLL_CTL_ADD, side->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, side);
}

static void dialled(struct tunnel *tunnel) {
  struct side *side = tunnel->side;
  if (connect_error(side[1].fd) != 0) {
    finish(tunnel);
  } else if (via_proxy) {
    char head[1024];
    int length = snprintf(head, sizeof head,
                          "CONNECT %s HTTP/1.1\r\nHost: %s\r\nProxy-Authorization: Basic %s\r\n\r\n", target, target, auth);
    if (send(side[1].fd, head, (size_t)length, 0) != length) finish(tunnel);
    else tunnel->phase = READ_REPLY;
  } else if (is_exit) {
    static const char established[] = "HTTP/1.1 200 OK\r\n\r\n";
    if (send(side[0].fd, established, sizeof established - 1, 0) < 0) finish(tunnel);
    else tunnel->phase = RELAYING;
  } else {
    tunnel->phase = RELAYING;
  }
}

// Reads a head into the tunnel; true once it is whole. Bytes after it would be lost, and no program here sends any.
static bool read_head(struct tunnel *tunnel, struct side *side) {
  if (tunnel->head == NULL && (tunnel->head = malloc(HEAD_MAX)) == NULL) die("malloc");
  ssize_t length = recv(side->fd, tunnel->head + tunnel->head_length, HEAD_MAX - 1 - tunnel->head_length, 0);
  if (length < 0 && errno == EAGAIN) return side->readable = false;
  if (length <= 0) return finish(tunnel), false;
  tunnel->head_length += (size_t)length;
  tunnel->head[tunnel->head_length] = 0;
  return tunnel->head_length >= 4 && strcmp(tunnel->head + tunnel->head_length - 4, "\r\n\r\n") == 0;
}

static void forget_head(struct tunnel *tunnel) {
  free(tunnel->head);
  tunnel->head = NULL;
  tunnel->head_length = 0;
}

static void read_request(struct tunnel *tunnel) {
  if (!read_head(tunnel, &tunnel->side[0])) return;
  char host[64];
  const char *credentials = strcasestr(tunnel->head, "\r\nproxy-authorization: basic ");
  bool known = auth == NULL || (credentials != NULL && strncmp(credentials + 29, auth, strlen(auth)) == 0 &&
                                credentials[29 + strlen(auth)] == '\r');
  if (!known || sscanf(tunnel->head, "CONNECT %63s HTTP/1.1\r\n", host) != 1) {
    static const char refused[] = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    send(tunnel->side[0].fd, refused, sizeof refused - 1, 0);
    finish(tunnel);
    return;
  }
  forget_head(tunnel);
  struct sockaddr_in address = parse_address(host);
  dial(tunnel, &address);
}

static void read_reply(struct tunnel *tunnel) {
  if (!read_head(tunnel, &tunnel->side[1])) return;
  bool opened = strncmp(tunnel->head, "HTTP/1.", 7) == 0 && strncmp(tunnel->head + 8, " 200", 4) == 0;
  forget_head(tunnel);
  if (opened) tunnel->phase = RELAYING;
  else finish(tunnel);
}

static void advance(struct tunnel *tunnel) {
  if (tunnel->phase == READ_REQUEST && tunnel->side[0].readable) read_request(tunnel);
  if (tunnel->phase == DIALLING && tunnel->side[1].writable) dialled(tunnel);
  if (tunnel->phase == READ_REPLY && tunnel->side[1].readable) read_reply(tunnel);
  if (tunnel->phase == RELAYING) relay(tunnel);
}

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct tunnel *tunnel = calloc(1, sizeof *tunnel);
    if (tunnel == NULL) die("calloc");
    for (int index = 0; index < 2; index++) {
      struct side *side = &tunnel->side[index];
      side->tunnel = tunnel;
      side->fd = side->pipe[0] = side->pipe[1] = -1;
    }
    tunnel->side[0].fd = fd;
    set_no_delay(fd);
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &tunnel->side[0]);
    if (!is_exit) dial(tunnel, &destination);
  }
}

static void note(struct side *side, uint32_t events) {
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) side->readable = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) side->writable = true;
  if (side->tunnel->phase != CLOSED) advance(side->tunnel);
}

static void run_ready(void) {
  struct tunnel *tunnel = ready_list;
  ready_list = NULL;
  while (tunnel != NULL) {
    struct tunnel *next = tunnel->next_ready;
    tunnel->is_ready = false;
    if (tunnel->phase == CLOSED) free(tunnel);
    else relay(tunnel);
    tunnel = next;
  }
}

static void free_closed(void) {
  while (closed_list != NULL) {
    struct tunnel *next = closed_list->next_ready;
    free(closed_list);
    closed_list = next;
  }
}

int main(int count, char **values) {
  prepare_process();
  auth = option(count, values, "--auth", NULL);
  target = option(count, values, "--to", NULL);
  const char *via = option(count, values, "--via", NULL);
  is_exit = option(count, values, "--exit", NULL) != NULL;
  via_proxy = via != NULL;
  if (!is_exit) destination = parse_address(via_proxy ? via : required_option(count, values, "--to"));

  epoll = epoll_create1(EPOLL_CLOEXEC);
  int listener = listen_on(required_option(count, values, "--listen"));
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, &listener);
  watch_harness(epoll, &epoll);
  struct epoll_event events[EVENTS];
  for (;;) {
    int ready = epoll_wait(epoll, events, EVENTS, ready_list == NULL ? -1 : 0);
    for (int index = 0; index < ready; index++) {
      void *owner = events[index].data.ptr;
      if (owner == &listener) accept_all(listener);
      else if (owner == &epoll) read_command();
      else note(owner, events[index].events);
    }
    run_ready();
    free_closed();
  }
}
