"""The lab's client: sends one message and prints the answer. The port is the first argument."""
import socket
import sys

with socket.socket() as client:
    client.connect(('localhost', int(sys.argv[1])))
    print('Connected to server.')
    client.sendall('Hello from the client!!!'.encode())
    print('Message sent.')
    data = client.recv(1024)
    print("Server's response:", data.decode())
