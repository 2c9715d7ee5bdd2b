"""A server for the load test that counts by itself, or does what no server should:

    load_peer.py MODE

MODE: greet, echo; stall (an echo that stands still for 200 ms of each second), twist (an echo that
changes the byte of every 1000th place), reset (the 10th request), mute (no answer). It prints
`port N`; at the end of its input what it counted, `connections N with_data N bytes N`, and ends.
"""
import asyncio
import socket
import struct
import sys
import threading
import time

MODE = sys.argv[1]


class Counts:
    connections = 0
    with_data = 0
    bytes = 0
    receives = 0


class Peer(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.place = 0
        Counts.connections += 1

    def data_received(self, data):
        if self.place == 0:
            Counts.with_data += 1
        Counts.bytes += len(data)
        Counts.receives += 1
        start = self.place
        self.place += len(data)
        if MODE == "greet":
            self.transport.write(b"Hello from the counter")
            self.transport.write_eof()
        elif MODE == "reset" and Counts.receives == 10:
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        elif MODE == "twist":
            answer = bytearray(data)
            for place in range(len(data)):
                if (start + place) % 1000 == 999:
                    answer[place] ^= 1
            self.transport.write(answer)
        elif MODE != "mute":
            self.transport.write(data)

    def eof_received(self):
        return False


async def stall():
    while True:
        await asyncio.sleep(0.8)
        time.sleep(0.2)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Peer, "127.0.0.1", 0, backlog=1000)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    over = asyncio.Event()

    def wait_for_end():
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    stalling = asyncio.create_task(stall()) if MODE == "stall" else None
    await over.wait()
    if stalling is not None:
        stalling.cancel()
    print("connections", Counts.connections, "with_data", Counts.with_data, "bytes", Counts.bytes)

asyncio.run(main())
