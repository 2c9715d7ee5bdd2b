"""The peer on Python's asyncio, with protocols, its faster half: asyncio_peer.py echo|greet."""
import asyncio
import socket
import sys

GREETING = b"Hello from the server!!!"


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class Greet(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.answered = False

    def data_received(self, data):
        if not self.answered:
            self.answered = True
            self.transport.write(GREETING)
            self.transport.write_eof()


async def main():
    protocol = Greet if sys.argv[1] == "greet" else Echo
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, backlog=4096)
    print(f"asyncio port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
