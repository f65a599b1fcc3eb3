// Sockets for the data path without Node's streams: one epoll of our own, watched by libuv's loop, told to JavaScript in
// batches; each call here is one system call or two and keeps no state of a connection. docs/decisions/0012-relay-design.md.
//
// Every function gives what the system call gives, or -errno. What else there is to say goes into `reply`. An fd is taken
// from JavaScript as it is: only the files of src/sockets call these, and native-engine.ts closes what was opened, once.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// Of libuv, which Node exports; its header is not installed with every Node. Source: uv.h of libuv 1, whose ABI stands.
typedef struct uv_loop_s uv_loop_t;
typedef struct {
  void *data;
} uv_handle_t;
typedef void (*uv_close_cb)(uv_handle_t *handle);
typedef void (*uv_poll_cb)(uv_handle_t *poll, int status, int events);
enum { UV_POLL = 8, UV_READABLE = 1 };
extern const char *uv_handle_type_name(int type);
extern size_t uv_handle_size(int type);
extern int uv_poll_init(uv_loop_t *loop, uv_handle_t *poll, int fd);
extern int uv_poll_start(uv_handle_t *poll, int events, uv_poll_cb callback);
extern void uv_ref(uv_handle_t *handle);
extern void uv_unref(uv_handle_t *handle);
extern void uv_close(uv_handle_t *handle, uv_close_cb callback);

enum {
  // Events told at once; what is more comes with the next batch.
  BATCH = 256,
  // Batches before the loop goes on to timers and everything else.
  BATCHES = 2,
  // What is read at once, and so the most that one socket holds back of what it read.
  READ_BYTES = 64 * 1024,
  // Texts up to here are written without memory of their own.
  TEXT_BYTES = 16 * 1024,
  // Pipes for streams that are spliced: together 64 MiB, what Linux lets one user have (pipe-user-pages-soft).
  PIPES = 256,
  PIPE_BYTES = 256 * 1024,
  SPLICE_ROUNDS = 8,
  REPLY = 5,
  // Writes that are made together.
  WRITES = 128,
  OUT_BYTES = 128 * 1024,
};

// What `splice` says in reply[2].
enum { SOURCE_EMPTY = 1, SOURCE_ENDED = 2, SINK_FULL = 4, SOURCE_FAILED = 8, SINK_FAILED = 16, NO_PIPE = 32 };

// `next`: in the list of those that are open and empty, or of places without a pipe; -1 at its end.
struct pipe {
  int read, write, next;
};

struct engine {
  napi_env env;
  uv_handle_t *poll;
  napi_async_cleanup_hook_handle cleanup;
  napi_async_context context;
  napi_ref on_events, receiver;
  int epoll;
  // Given up to take and close a connection when there is no other descriptor left.
  int reserve;
  uint8_t *bytes, *out;
  int32_t *events, *reply, *writes;
  struct pipe pipes[PIPES];
  int spare, vacant;
};

static struct engine *engine_of(napi_env env) {
  void *data = NULL;
  napi_get_instance_data(env, &data);
  return data;
}

static int32_t number_at(napi_env env, napi_value value) {
  int32_t number = -1;
  napi_get_value_int32(env, value, &number);
  return number;
}

static napi_value number(napi_env env, int64_t value) {
  napi_value result;
  napi_create_int32(env, (int32_t)value, &result);
  return result;
}

static napi_value result_of(napi_env env, int64_t result) { return number(env, result < 0 ? -errno : result); }

// Reads the arguments, all of which have to be there. False: an exception is pending.
static bool arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  napi_get_cb_info(env, info, &given, values, NULL, NULL);
  if (given >= count) return true;
  napi_throw_type_error(env, NULL, "too few arguments");
  return false;
}

static bool watch(struct engine *engine, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  return epoll_ctl(engine->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int discard(int fd) {
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static void on_ready(uv_handle_t *poll, int status, int ready) {
  struct engine *engine = poll->data;
  (void)status, (void)ready;
  for (int batch = 0; batch < BATCHES; batch++) {
    struct epoll_event events[BATCH];
    int count = epoll_wait(engine->epoll, events, BATCH, 0);
    if (count <= 0) return;
    for (int index = 0; index < count; index++) {
      engine->events[2 * index] = events[index].data.fd;
      engine->events[2 * index + 1] = (int32_t)events[index].events;
    }
    napi_env env = engine->env;
    napi_handle_scope scope;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return;
    napi_value function, receiver, argument = number(env, count), ignored;
    napi_get_reference_value(env, engine->on_events, &function);
    napi_get_reference_value(env, engine->receiver, &receiver);
    napi_status called = napi_make_callback(env, engine->context, receiver, function, 1, &argument, &ignored);
    if (called == napi_pending_exception) {
      napi_value error;
      napi_get_and_clear_last_exception(env, &error);
      napi_fatal_exception(env, error);
    }
    napi_close_handle_scope(env, scope);
    if (called != napi_ok) return;
  }
}

static int address_of(struct sockaddr_storage *storage, const char *host, int port, socklen_t *length) {
  memset(storage, 0, sizeof *storage);
  struct sockaddr_in *four = (struct sockaddr_in *)storage;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;
  if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    *length = sizeof *four;
    return AF_INET;
  }
  if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)port);
    *length = sizeof *six;
    return AF_INET6;
  }
  errno = EINVAL;
  return -1;
}

// Puts the address as text into the read buffer and its port into reply[1]; gives the length of the text.
static int tell_address(struct engine *engine, const struct sockaddr_storage *storage) {
  char *text = (char *)engine->bytes;
  text[0] = '\0';
  if (storage->ss_family == AF_INET) {
    const struct sockaddr_in *four = (const struct sockaddr_in *)storage;
    inet_ntop(AF_INET, &four->sin_addr, text, INET6_ADDRSTRLEN);
    engine->reply[1] = ntohs(four->sin_port);
  } else if (storage->ss_family == AF_INET6) {
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)storage;
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
      inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], text, INET6_ADDRSTRLEN);
    else
      inet_ntop(AF_INET6, &six->sin6_addr, text, INET6_ADDRSTRLEN);
    engine->reply[1] = ntohs(six->sin6_port);
  }
  return engine->reply[0] = (int32_t)strlen(text);
}

// A socket without delay for the address whose text and port are the first two arguments.
static int open_socket(napi_env env, napi_value *values, struct sockaddr_storage *storage, socklen_t *length) {
  char host[INET6_ADDRSTRLEN + 1];
  size_t host_length = 0;
  int on = 1;
  errno = EINVAL;
  if (napi_get_value_string_latin1(env, values[0], host, sizeof host, &host_length) != napi_ok) return -1;
  int family = address_of(storage, host, number_at(env, values[1]), length);
  if (family < 0) return -1;
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

// listen(host, port, backlog, reusePort) -> fd. Its sockets are without delay: they get that from it.
static napi_value do_listen(napi_env env, napi_callback_info info) {
  napi_value values[4];
  if (!arguments(env, info, 4, values)) return NULL;
  struct engine *engine = engine_of(env);
  int on = 1, off = 0;
  bool shares = false;
  napi_get_value_bool(env, values[3], &shares);
  struct sockaddr_storage storage;
  socklen_t length;
  int fd = open_socket(env, values, &storage, &length);
  if (fd < 0) return result_of(env, -1);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (storage.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if ((shares && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) ||
      bind(fd, (struct sockaddr *)&storage, length) < 0 || listen(fd, number_at(env, values[2])) < 0 ||
      !watch(engine, fd, EPOLLIN))
    return result_of(env, discard(fd));
  length = sizeof storage;
  if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return result_of(env, discard(fd));
  tell_address(engine, &storage);
  return number(env, fd);
}

// accept(fd) -> fd; its peer's address in the read buffer, as long as reply[0] says. Without a descriptor for it the
// connection is taken and closed, since it would be told of for ever: -EMFILE.
static napi_value do_accept(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  struct engine *engine = engine_of(env);
  int listener = number_at(env, values[0]);
  if (engine->reserve < 0) engine->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  int fd = accept4(listener, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE) && engine->reserve >= 0) {
    int error = errno;
    close(engine->reserve);
    int refused = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (refused >= 0) close(refused);
    engine->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    errno = error;
  }
  if (fd < 0) return result_of(env, -1);
  // Told of again only when more comes, or its end: nobody asks for room before a write found none.
  if (!watch(engine, fd, EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET)) return result_of(env, discard(fd));
  tell_address(engine, &storage);
  return number(env, fd);
}

// connect(host, port) -> fd, on its way.
static napi_value do_connect(napi_env env, napi_callback_info info) {
  napi_value values[2];
  if (!arguments(env, info, 2, values)) return NULL;
  struct engine *engine = engine_of(env);
  struct sockaddr_storage storage;
  socklen_t length;
  int fd = open_socket(env, values, &storage, &length), off = 0;
  if (fd < 0) return result_of(env, -1);
  // Who dials speaks first, so the last packet of the handshake can be the one with the request. Source: tcp(7); measured.
  setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
  if ((connect(fd, (struct sockaddr *)&storage, length) < 0 && errno != EINPROGRESS) ||
      !watch(engine, fd, EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET))
    return result_of(env, discard(fd));
  return number(env, fd);
}

// askForRoom(fd) -> 0: from now on it is told when there is room again to write.
static napi_value do_ask_for_room(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  int fd = number_at(env, values[0]);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET, .data.fd = fd};
  return result_of(env, epoll_ctl(engine_of(env)->epoll, EPOLL_CTL_MOD, fd, &event));
}

// read(fd) -> bytes, in the read buffer; 0 at the end.
static napi_value do_read(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  return result_of(env, recv(number_at(env, values[0]), engine_of(env)->bytes, READ_BYTES, 0));
}

// write(fd, bytes) -> bytes that the kernel took.
static napi_value do_write(napi_env env, napi_callback_info info) {
  napi_value values[2];
  if (!arguments(env, info, 2, values)) return NULL;
  void *bytes = NULL;
  size_t length = 0;
  if (napi_get_buffer_info(env, values[1], &bytes, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "not a buffer");
    return NULL;
  }
  if (length > INT32_MAX) length = INT32_MAX;
  return result_of(env, send(number_at(env, values[0]), bytes, length, MSG_NOSIGNAL));
}

// writeAll(count): the first `count` of `writes`, each fd, where in `out` and how many bytes; what became of it stands in
// place of the last.
static napi_value do_write_all(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  struct engine *engine = engine_of(env);
  int count = number_at(env, values[0]);
  for (int index = 0; index < count && index < WRITES; index++) {
    int32_t *entry = engine->writes + 3 * index;
    int32_t at = entry[1], length = entry[2];
    if (at < 0 || length <= 0 || length > OUT_BYTES - at) continue;
    ssize_t result = send(entry[0], engine->out + at, (size_t)length, MSG_NOSIGNAL);
    entry[2] = result < 0 ? -errno : (int32_t)result;
  }
  return NULL;
}

// writeText(fd, text) -> bytes that the kernel took of it as Latin-1, or as much of it as fits into TEXT_BYTES.
static napi_value do_write_text(napi_env env, napi_callback_info info) {
  napi_value values[2];
  if (!arguments(env, info, 2, values)) return NULL;
  char text[TEXT_BYTES + 1];
  size_t length = 0;
  if (napi_get_value_string_latin1(env, values[1], text, sizeof text, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "not a text");
    return NULL;
  }
  return result_of(env, send(number_at(env, values[0]), text, length, MSG_NOSIGNAL));
}

// unread(fd) -> bytes that wait to be read.
static napi_value do_unread(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  int bytes = 0;
  int result = ioctl(number_at(env, values[0]), FIONREAD, &bytes);
  return result_of(env, result < 0 ? result : bytes);
}

static int take_first(struct engine *engine, int *list) {
  int index = *list;
  if (index >= 0) *list = engine->pipes[index].next;
  return index;
}

static void put_first(struct engine *engine, int *list, int index) {
  engine->pipes[index].next = *list;
  *list = index;
}

static int borrow_pipe(struct engine *engine) {
  int index = take_first(engine, &engine->spare);
  if (index >= 0) return index;
  index = take_first(engine, &engine->vacant);
  if (index < 0) return -1;
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
    put_first(engine, &engine->vacant, index);
    return -1;
  }
  // Where that is too much it stays as it is.
  (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
  engine->pipes[index].read = ends[0];
  engine->pipes[index].write = ends[1];
  return index;
}

static void close_pipe(struct engine *engine, int index) {
  struct pipe *pipe = &engine->pipes[index];
  close(pipe->read);
  close(pipe->write);
  pipe->read = pipe->write = -1;
  put_first(engine, &engine->vacant, index);
}

static bool is_pipe(const struct engine *engine, int index) {
  return index >= 0 && index < PIPES && engine->pipes[index].read >= 0;
}

// splice(source, sink, allowed, pipe, piped) -> bytes that the sink's kernel took. At most `allowed` bytes are taken from
// the source, in steps of what a pipe may hold, so that no more than that is left in it. `pipe`, `piped`: what the call before left in a pipe, or -1 and 0.
// reply: [0] the pipe that holds what the sink did not take, or -1; [1] how many bytes; [2] what was found, see above;
// [3] bytes taken from the source; [4] the errno, when either side failed: the rest counts all the same.
static napi_value do_splice(napi_env env, napi_callback_info info) {
  napi_value values[5];
  if (!arguments(env, info, 5, values)) return NULL;
  struct engine *engine = engine_of(env);
  int source = number_at(env, values[0]), sink = number_at(env, values[1]);
  int64_t allowed = number_at(env, values[2]);
  int index = number_at(env, values[3]);
  int64_t piped = number_at(env, values[4]), taken = 0, moved = 0;
  int found = 0;
  if (!is_pipe(engine, index)) {
    index = borrow_pipe(engine);
    piped = 0;
  }
  if (index < 0) found = NO_PIPE;
  for (int round = 0; found == 0 && round < SPLICE_ROUNDS; round++) {
    struct pipe *pipe = &engine->pipes[index];
    if (piped == 0) {
      if (taken >= allowed) break;
      ssize_t length = splice(source, NULL, pipe->write, NULL, (size_t)(allowed - taken < PIPE_BYTES ? allowed - taken : PIPE_BYTES), SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (length > 0) taken += length, piped = length;
      else if (length == 0) found |= SOURCE_ENDED;
      else if (errno == EAGAIN) found |= SOURCE_EMPTY;
      else found |= SOURCE_FAILED, engine->reply[4] = errno;
    }
    while (piped > 0 && found == 0) {
      ssize_t length = splice(pipe->read, NULL, sink, NULL, (size_t)piped, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (length > 0) moved += length, piped -= length;
      else if (length < 0 && errno == EAGAIN) found |= SINK_FULL;
      else found |= SINK_FAILED, engine->reply[4] = length < 0 ? errno : EPIPE;
    }
  }
  if (index >= 0 && piped == 0) {
    put_first(engine, &engine->spare, index);
    index = -1;
  }
  engine->reply[0] = index;
  engine->reply[1] = (int32_t)piped;
  engine->reply[2] = found;
  engine->reply[3] = (int32_t)taken;
  return number(env, moved);
}

// dropPipe(pipe): what is left in it goes to nobody.
static napi_value do_drop_pipe(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  struct engine *engine = engine_of(env);
  int index = number_at(env, values[0]);
  if (is_pipe(engine, index)) close_pipe(engine, index);
  return NULL;
}

// tidy(): closes the pipes that nobody uses.
static napi_value do_tidy(napi_env env, napi_callback_info info) {
  (void)info;
  struct engine *engine = engine_of(env);
  for (int index = take_first(engine, &engine->spare); index >= 0; index = take_first(engine, &engine->spare))
    close_pipe(engine, index);
  return NULL;
}

// shutdown(fd) -> 0: our side says no more.
static napi_value do_shutdown(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  return result_of(env, shutdown(number_at(env, values[0]), SHUT_WR));
}

// close(fd) -> 0
static napi_value do_close(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  return result_of(env, close(number_at(env, values[0])));
}

// failure(fd) -> the error that the socket has met, as -errno, and no more after that; 0 for none.
static napi_value do_failure(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(number_at(env, values[0]), SOL_SOCKET, SO_ERROR, &error, &length) < 0) return result_of(env, -1);
  return number(env, -error);
}

// keepAlive(fd, seconds) -> 0: has TCP look for a dead peer after so long in silence, as libuv does.
static napi_value do_keep_alive(napi_env env, napi_callback_info info) {
  napi_value values[2];
  if (!arguments(env, info, 2, values)) return NULL;
  int fd = number_at(env, values[0]), delay = number_at(env, values[1]), on = 1, interval = 1, probes = 10;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) < 0) return result_of(env, -1);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &delay, sizeof delay);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  return number(env, 0);
}

// hold(isHeld): whether the process stays for the sake of these sockets.
static napi_value do_hold(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return NULL;
  bool is_held = false;
  napi_get_value_bool(env, values[0], &is_held);
  uv_handle_t *poll = engine_of(env)->poll;
  if (is_held) uv_ref(poll);
  else uv_unref(poll);
  return NULL;
}

static void on_closed(uv_handle_t *handle) {
  struct engine *engine = handle->data;
  for (int index = 0; index < PIPES; index++)
    if (is_pipe(engine, index)) close_pipe(engine, index);
  if (engine->reserve >= 0) close(engine->reserve);
  close(engine->epoll);
  napi_remove_async_cleanup_hook(engine->cleanup);
  free(engine->poll);
  free(engine);
}

static void on_exit_of_env(napi_async_cleanup_hook_handle cleanup, void *data) {
  struct engine *engine = data;
  (void)cleanup;
  uv_close(engine->poll, on_closed);
}

// A view that both sides see. The module's exports hold it, and `start` holds them.
static bool make_view(napi_env env, napi_value exports, const char *name, napi_typedarray_type type, size_t length, void **data) {
  size_t width = type == napi_uint8_array ? 1 : sizeof(int32_t);
  napi_value memory, view;
  return napi_create_arraybuffer(env, length * width, data, &memory) == napi_ok &&
         napi_create_typedarray(env, type, length, memory, 0, &view) == napi_ok &&
         napi_set_named_property(env, exports, name, view) == napi_ok;
}

// start(onEvents): once. onEvents(count) finds pairs of fd and what epoll says in `events`.
static napi_value do_start(napi_env env, napi_callback_info info) {
  napi_value values[1], self, name;
  size_t count = 1;
  napi_get_cb_info(env, info, &count, values, &self, NULL);
  struct engine *engine = engine_of(env);
  if (engine->on_events != NULL || count < 1) {
    napi_throw_error(env, NULL, "started already, or without a function");
    return NULL;
  }
  napi_create_reference(env, values[0], 1, &engine->on_events);
  napi_create_reference(env, self, 1, &engine->receiver);
  napi_create_string_utf8(env, "MarvelSockets", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &engine->context);
  uv_poll_start(engine->poll, UV_READABLE, on_ready);
  return NULL;
}

static napi_value fail(napi_env env, struct engine *engine, const char *why) {
  if (engine != NULL && engine->epoll >= 0) close(engine->epoll);
  if (engine != NULL) free(engine->poll);
  free(engine);
  napi_throw_error(env, NULL, why);
  return NULL;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
      {"start", do_start},     {"hold", do_hold},          {"listen", do_listen},   {"accept", do_accept},
      {"connect", do_connect}, {"read", do_read},          {"write", do_write},     {"writeText", do_write_text},
      {"unread", do_unread},   {"splice", do_splice},      {"dropPipe", do_drop_pipe}, {"shutdown", do_shutdown},
      {"close", do_close},     {"failure", do_failure},    {"keepAlive", do_keep_alive}, {"askForRoom", do_ask_for_room},
      {"tidy", do_tidy},      {"writeAll", do_write_all},
  };
  struct engine *engine = calloc(1, sizeof *engine);
  if (engine == NULL) return fail(env, NULL, "out of memory");
  engine->env = env;
  engine->spare = engine->vacant = -1;
  for (int index = PIPES - 1; index >= 0; index--) {
    engine->pipes[index].read = engine->pipes[index].write = -1;
    put_first(engine, &engine->vacant, index);
  }
  engine->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (engine->epoll < 0) return fail(env, engine, "no epoll");
  uv_loop_t *loop = NULL;
  if (uv_handle_type_name(UV_POLL) == NULL || strcmp(uv_handle_type_name(UV_POLL), "poll") != 0)
    return fail(env, engine, "not the libuv that this was written for");
  engine->poll = calloc(1, uv_handle_size(UV_POLL));
  if (engine->poll == NULL || napi_get_uv_event_loop(env, &loop) != napi_ok ||
      uv_poll_init(loop, engine->poll, engine->epoll) != 0)
    return fail(env, engine, "no loop to be watched by");
  // From here on the loop knows the engine, so it is closed with the environment and not before.
  engine->poll->data = engine;
  uv_unref(engine->poll);
  engine->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
  napi_add_async_cleanup_hook(env, on_exit_of_env, engine, &engine->cleanup);
  napi_set_instance_data(env, engine, NULL, NULL);
  void *bytes, *out, *events, *reply, *writes;
  bool is_whole = make_view(env, exports, "bytes", napi_uint8_array, READ_BYTES, &bytes) &&
                  make_view(env, exports, "out", napi_uint8_array, OUT_BYTES, &out) &&
                  make_view(env, exports, "writes", napi_int32_array, 3 * WRITES, &writes) &&
                  make_view(env, exports, "events", napi_int32_array, 2 * BATCH, &events) &&
                  make_view(env, exports, "reply", napi_int32_array, REPLY, &reply);
  engine->bytes = bytes, engine->out = out;
  engine->events = events, engine->reply = reply, engine->writes = writes;
  for (size_t index = 0; index < sizeof functions / sizeof *functions; index++) {
    napi_value function;
    is_whole = is_whole &&
               napi_create_function(env, functions[index].name, NAPI_AUTO_LENGTH, functions[index].function, NULL,
                                    &function) == napi_ok &&
               napi_set_named_property(env, exports, functions[index].name, function) == napi_ok;
  }
  if (!is_whole) napi_throw_error(env, NULL, "the module could not be made");
  return exports;
}
