# The rival Tornado, as its own documentation writes it: the first argument is the port. Compression and pings are
# off by default, and what waits to be sent has no limit.
import asyncio
import sys

import tornado.web
import tornado.websocket


class Echo(tornado.websocket.WebSocketHandler):
    def open(self):
        self.set_nodelay(True)  # advised for small messages; the other rivals do so by default

    def on_message(self, message):
        self.write_message(message, binary=isinstance(message, bytes))


class Topic(tornado.websocket.WebSocketHandler):
    topics = {}

    def open(self, name):
        self.set_nodelay(True)
        self.subscribers = self.topics.setdefault(name, set())
        self.subscribers.add(self)

    def on_message(self, message):
        binary = isinstance(message, bytes)
        for subscriber in self.subscribers:
            try:
                subscriber.write_message(message, binary=binary)
            except tornado.websocket.WebSocketClosedError:
                pass

    def on_close(self):
        self.subscribers.discard(self)


async def main():
    app = tornado.web.Application(
        [("/", Echo), ("/t/(.+)", Topic)],
        websocket_max_message_size=16 * 1024 * 1024,
        log_function=lambda handler: None,
    )
    app.listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
