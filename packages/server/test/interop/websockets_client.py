"""A client on the Python library websockets: talks to an echo server and says what it saw, as one line of JSON."""

import asyncio
import hashlib
import json
import sys

import websockets


async def talk(url, compression):
    async with websockets.connect(url, compression=compression, max_size=None) as line:
        texts = ["", "hello", "grüße 👋", "x" * 125, "x" * 126, "y" * 65536]
        for text in texts:
            await line.send(text)
            assert await line.recv() == text, len(text)
        for size in (0, 1, 125, 126, 65535, 65536, 2 * 1048576):
            sent = (hashlib.sha512(str(size).encode()).digest() * (size // 64 + 1))[:size]
            await line.send(sent)
            assert await line.recv() == sent, size
        # Fragments: each item of an iterable is a frame.
        await line.send(["one ", "two ", "three"])
        assert await line.recv() == "one two three"
        pong = await line.ping(b"from python")
        await asyncio.wait_for(pong, 10)
        await line.send("ping")
        await line.send("after the ping")
        assert await line.recv() == "after the ping"
        extensions = [extension.name for extension in line.extensions]
        await line.close(4002, "python is done")
        return {"extensions": extensions, "code": line.close_code, "reason": line.close_reason}


async def closed_by_server(url):
    async with websockets.connect(url) as line:
        await line.send("close 4003 because")
        try:
            await line.recv()
        except websockets.exceptions.ConnectionClosed as closed:
            return {"code": closed.rcvd.code, "reason": closed.rcvd.reason}


async def chosen_subprotocol(url):
    async with websockets.connect(url, subprotocols=["chat.v1", "chat.v2"]) as line:
        return line.subprotocol


async def main(host):
    print(json.dumps({
        "plain": await talk(f"ws://{host}/echo", None),
        "compressed": await talk(f"ws://{host}/deflate", "deflate"),
        "closed": await closed_by_server(f"ws://{host}/echo"),
        "subprotocol": await chosen_subprotocol(f"ws://{host}/chat"),
    }))


asyncio.run(main(sys.argv[1]))
