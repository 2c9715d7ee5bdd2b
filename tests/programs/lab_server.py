"""The lab's server: answers one client and ends. The port is the first argument, 0 for any."""
import socket
import sys

with socket.socket() as listener:
    listener.bind(('localhost', int(sys.argv[1])))
    listener.listen()
    print('Server is listening for connections...', listener.getsockname()[1], flush=True)
    client, address = listener.accept()
    print('Connected to client:', address)
    data = client.recv(1024)
    print('Received data:', data.decode())
    client.sendall('Hello from the server!!!'.encode())
    print('Response sent.')
    client.close()
