// The client of every workload, on one thread. It says `ready` on stdout, waits for the letter `g` on stdin, runs, and
// says `done` with what it did. Tunnel workloads are ready once their tunnels are open.
//   load --mode down|up|connect|msg|http|idle|slow --proxy A --speak raw|connect|socks5 --to B
//        --tunnels N --seconds S --count N [--auth <base64>] [--user U --password P]
// down, up, msg and http end after --seconds, connect after --count tunnels or --seconds; idle and slow hold until `s`.
#include "handshake.h"
#include "http-response.h"
#include "samples.h"
#include "trailer.h"

enum mode { DOWN, UP, EXCHANGES, MESSAGES, HTTP, IDLE, SLOW };
enum { OPENING_AT_ONCE = 64, FAILURES_MAX = 64, DRAIN_SECONDS = 60 };

struct tunnel {
  int fd; // -1 when closed
  struct handshake handshake;
  uint64_t began_ns;
  uint64_t bytes;
  bool stopping, fresh;
  struct tail tail;
  struct response response;
};

static const char *const mode_names[] = {"down", "up", "connect", "msg", "http", "idle", "slow"};
static enum mode mode;
static int epoll;
static struct sockaddr_in proxy;
static struct tunnel *tunnels;
static unsigned tunnel_count, begun, opening, opened, closed;
static uint64_t wanted, units, failures, started_ns, ends_ns, last_done_ns;
static bool running, stopped, origin_looks;
static const char *first_failure = "";
static char buffer[4 * BULK], zeros[BULK];
static char http_request[2048];
static size_t http_request_length;

static void begin(struct tunnel *tunnel) {
  memset(tunnel, 0, sizeof *tunnel);
  tunnel->began_ns = now_ns();
  tunnel->fresh = true;
  tunnel->fd = start_connect(&proxy);
  if (tunnel->fd < 0) die("connect");
  if (mode == HTTP) tunnel->handshake.phase = CONNECTING;
  watch(epoll, EPOLL_CTL_ADD, tunnel->fd, EPOLLIN | EPOLLOUT, tunnel);
}

static void end(struct tunnel *tunnel) {
  close(tunnel->fd);
  tunnel->fd = -1;
  closed++;
  last_done_ns = now_ns();
}

static bool is_over(void) { return stopped || now_ns() >= ends_ns; }

// The next of a closed loop, in the slot of the one before.
static void next(struct tunnel *tunnel) {
  end(tunnel);
  if (is_over() || (mode == EXCHANGES && begun >= wanted) || failures >= FAILURES_MAX) return;
  begun++;
  begin(tunnel);
}

static void fail(struct tunnel *tunnel, const char *why) {
  failures++;
  if (first_failure[0] == 0) first_failure = why;
  if (mode == EXCHANGES || mode == HTTP) next(tunnel);
  else end(tunnel);
}

static void say_ready(void) {
  printf("{\"event\":\"ready\",\"opened\":%u,\"failed\":%llu,\"why\":\"%s\"}\n", opened, (unsigned long long)failures, first_failure);
  fflush(stdout);
}

// Opens tunnels a window at a time, so that no backlog overflows.
static void open_more(void) {
  while (begun < tunnel_count && opening < OPENING_AT_ONCE && failures < FAILURES_MAX) {
    opening++;
    begin(&tunnels[begun++]);
  }
  if (opening == 0) say_ready();
}

static void send_request(struct tunnel *tunnel) {
  tunnel->began_ns = now_ns();
  expect_response(&tunnel->response);
  if (!send_all(tunnel->fd, http_request, http_request_length)) fail(tunnel, "request not sent");
}

static void send_message(struct tunnel *tunnel) {
  char message[MESSAGE] = "E";
  tunnel->began_ns = now_ns();
  tunnel->bytes = 0;
  if (!send_all(tunnel->fd, message, sizeof message)) fail(tunnel, "message not sent");
}

static void on_opened(struct tunnel *tunnel) {
  watch(epoll, EPOLL_CTL_MOD, tunnel->fd, mode == SLOW ? 0 : EPOLLIN, tunnel);
  if (mode == HTTP) {
    send_request(tunnel);
  } else if (mode == EXCHANGES) {
    char message[EXCHANGE_UP] = "X";
    sample(tunnel->began_ns);
    if (!send_all(tunnel->fd, message, sizeof message)) fail(tunnel, "exchange not sent");
  } else {
    sample(tunnel->began_ns);
    opening--;
    opened++;
    open_more();
  }
}

static void on_refused(struct tunnel *tunnel) {
  fail(tunnel, "tunnel refused");
  if (mode == HTTP || mode == EXCHANGES) return;
  opening--;
  open_more();
}

// A bulk transfer ends with the sender's own count of it.
static void check_trailer(struct tunnel *tunnel, uint64_t count) {
  if (trailer_count(&tunnel->tail) != count) {
    fail(tunnel, "bytes lost");
    return;
  }
  units += count;
  end(tunnel);
}

// Gives 0 when there is nothing to do: no bytes yet, or the tunnel failed.
static size_t receive(struct tunnel *tunnel, size_t most, int flags) {
  ssize_t length = recv(tunnel->fd, buffer, most, flags);
  if (length > 0) return (size_t)length;
  if (length == 0 || errno != EAGAIN) fail(tunnel, length == 0 ? "ended early" : "reset");
  return 0;
}

static void read_down(struct tunnel *tunnel) {
  // Until the origin is told to stop, its zeros need not be looked at: the kernel drops them without a copy.
  size_t length = receive(tunnel, sizeof buffer, tunnel->stopping ? 0 : MSG_TRUNC);
  if (length == 0) return;
  tunnel->bytes += length;
  if (!tunnel->stopping) return;
  keep_tail(&tunnel->tail, buffer, length);
  if (has_trailer(&tunnel->tail)) check_trailer(tunnel, tunnel->bytes - TRAILER);
}

static void read_up(struct tunnel *tunnel) {
  size_t length = receive(tunnel, TRAILER, 0);
  if (length == 0) return;
  keep_tail(&tunnel->tail, buffer, length);
  if (has_trailer(&tunnel->tail)) check_trailer(tunnel, tunnel->bytes);
}

static void write_up(struct tunnel *tunnel) {
  if (origin_looks) {
    static const char last = (char)TRAILER_END;
    if (send(tunnel->fd, &last, 1, 0) == 1) watch(epoll, EPOLL_CTL_MOD, tunnel->fd, EPOLLIN, tunnel);
    return;
  }
  ssize_t sent = send(tunnel->fd, zeros, sizeof zeros, 0);
  if (sent > 0) tunnel->bytes += (uint64_t)sent;
  else if (errno != EAGAIN) fail(tunnel, "reset");
}

static void read_exchange(struct tunnel *tunnel) {
  tunnel->bytes += receive(tunnel, EXCHANGE_DOWN, 0);
  if (tunnel->fd < 0 || tunnel->bytes < EXCHANGE_DOWN) return;
  units++;
  next(tunnel);
}

static void read_message(struct tunnel *tunnel) {
  tunnel->bytes += receive(tunnel, MESSAGE, 0);
  if (tunnel->fd < 0 || tunnel->bytes < MESSAGE) return;
  sample(tunnel->began_ns);
  units++;
  if (is_over()) end(tunnel);
  else send_message(tunnel);
}

static void read_response(struct tunnel *tunnel) {
  struct response *response = &tunnel->response;
  ssize_t length = recv(tunnel->fd, buffer, sizeof buffer, 0);
  if (length < 0 && errno == EAGAIN) return;
  // A proxy may close a connection that it kept; the request is then made again on a new one.
  if (length <= 0 && !tunnel->fresh && !has_begun(response)) {
    next(tunnel);
    return;
  }
  enum response_state state = length <= 0 ? RESPONSE_BROKEN : take_response(response, buffer, (size_t)length);
  if (state == RESPONSE_BROKEN) fail(tunnel, length <= 0 ? "ended early" : "not a 200 with a length");
  if (state != RESPONSE_WHOLE) return;
  tunnel->fresh = false;
  sample(tunnel->began_ns);
  units++;
  if (response->closes) next(tunnel);
  else if (is_over()) end(tunnel);
  else send_request(tunnel);
}

static void on_event(struct tunnel *tunnel, uint32_t events) {
  if (tunnel->fd < 0) return;
  if (tunnel->handshake.phase != OPENED) {
    enum handshake_phase before = tunnel->handshake.phase;
    enum handshake_phase phase = shake(&tunnel->handshake, tunnel->fd, events);
    if (phase == OPENED) on_opened(tunnel);
    else if (phase == REFUSED) on_refused(tunnel);
    else if (before == CONNECTING && phase != CONNECTING) watch(epoll, EPOLL_CTL_MOD, tunnel->fd, EPOLLIN, tunnel);
    return;
  }
  switch (mode) {
  case DOWN: read_down(tunnel); break;
  case UP:
    if (events & ~EPOLLOUT) read_up(tunnel);
    if (tunnel->fd >= 0 && (events & EPOLLOUT)) write_up(tunnel);
    break;
  case EXCHANGES: read_exchange(tunnel); break;
  case MESSAGES: read_message(tunnel); break;
  case HTTP: read_response(tunnel); break;
  case IDLE:
  case SLOW: fail(tunnel, "ended early"); break;
  }
}

static void each_open(void (*act)(struct tunnel *)) {
  for (unsigned index = 0; index < tunnel_count; index++) {
    if (tunnels[index].fd >= 0) act(&tunnels[index]);
  }
}

static void start_down(struct tunnel *tunnel) {
  if (!send_all(tunnel->fd, "D", 1)) fail(tunnel, "start not sent");
}

static void stop_down(struct tunnel *tunnel) {
  tunnel->stopping = true;
  if (!send_all(tunnel->fd, "Q", 1)) fail(tunnel, "stop not sent");
}

static void start_up(struct tunnel *tunnel) {
  if (!send_all(tunnel->fd, "U", 1)) fail(tunnel, "start not sent");
  else watch(epoll, EPOLL_CTL_MOD, tunnel->fd, EPOLLIN | EPOLLOUT, tunnel);
}

static void go(double seconds) {
  running = true;
  sample_count = 0;
  started_ns = last_done_ns = now_ns();
  ends_ns = started_ns + (uint64_t)(seconds * 1e9);
  if (mode == DOWN || mode == SLOW) each_open(start_down);
  else if (mode == UP) each_open(start_up);
  else if (mode == MESSAGES) each_open(send_message);
  else if (mode == EXCHANGES || mode == HTTP) {
    for (; begun < tunnel_count && (mode == HTTP || begun < wanted); begun++) begin(&tunnels[begun]);
  }
}

// Asks the origin, past the proxy, to look at what it is sent from now on: the end of the transfers is near.
static void make_origin_look(const char *to) {
  struct sockaddr_in origin = parse_address(to);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  char answer;
  if (fd < 0 || connect(fd, (struct sockaddr *)&origin, sizeof origin) < 0) die("connect");
  if (!send_all(fd, "L", 1) || recv(fd, &answer, 1, 0) != 1) die("origin");
  close(fd);
}

static bool is_finished(void) { return closed == begun || (stopped && (mode == IDLE || mode == SLOW)); }

static void say_done(bool timed_out) {
  sort_samples();
  printf("{\"event\":\"done\",\"units\":%llu,\"failed\":%llu,\"seconds\":%.6f,\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u,\"why\":\"%s\"}\n",
         (unsigned long long)units, (unsigned long long)failures + (timed_out ? begun - closed : 0),
         (double)(last_done_ns - started_ns) / 1e9, percentile(50), percentile(99), percentile(100),
         first_failure[0] == 0 && timed_out ? "not done in time" : first_failure);
  fflush(stdout);
}

static void choose_mode(const char *name) {
  for (unsigned index = 0; index < sizeof mode_names / sizeof mode_names[0]; index++) {
    if (strcmp(name, mode_names[index]) == 0) {
      mode = (enum mode)index;
      return;
    }
  }
  die_saying("no such mode", name);
}

int main(int count, char **values) {
  prepare_process();
  choose_mode(required_option(count, values, "--mode"));
  proxy = parse_address(required_option(count, values, "--proxy"));
  const char *to = required_option(count, values, "--to"), *auth = option(count, values, "--auth", "");
  tunnel_count = (unsigned)atoi(required_option(count, values, "--tunnels"));
  wanted = strtoull(option(count, values, "--count", "18446744073709551615"), NULL, 10);
  double seconds = atof(required_option(count, values, "--seconds"));
  prepare_handshake(mode == HTTP ? "raw" : required_option(count, values, "--speak"), to, auth,
                    option(count, values, "--user", ""), option(count, values, "--password", ""));
  http_request_length = (size_t)snprintf(http_request, sizeof http_request, "GET http://%s/ HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", to, to,
                                         auth[0] == 0 ? "" : "Proxy-Authorization: Basic ", auth, auth[0] == 0 ? "" : "\r\n");
  tunnels = calloc(tunnel_count, sizeof *tunnels);
  if (tunnels == NULL) die("calloc");
  epoll = epoll_create1(EPOLL_CLOEXEC);
  watch_harness(epoll, &epoll);
  if (mode == EXCHANGES || mode == HTTP) say_ready();
  else open_more();

  struct epoll_event events[EVENTS];
  while (!running || !is_finished()) {
    int ready = epoll_wait(epoll, events, EVENTS, 10);
    for (int index = 0; index < ready; index++) {
      void *owner = events[index].data.ptr;
      if (owner != &epoll) {
        on_event(owner, events[index].events);
        continue;
      }
      char command = read_command();
      if (command == 'g' && !running) go(seconds);
      if (command == 's') stopped = true;
    }
    if (!running) continue;
    if ((mode == DOWN || mode == UP) && !origin_looks && is_over()) {
      if (mode == DOWN) each_open(stop_down);
      else make_origin_look(to);
      origin_looks = true;
    }
    if (mode != IDLE && mode != SLOW && now_ns() > ends_ns + DRAIN_SECONDS * 1000000000ull) {
      say_done(true);
      return 0;
    }
  }
  say_done(false);
}
