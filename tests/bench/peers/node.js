// The peer on node's net module: node.js echo|greet.
'use strict';
const net = require('net');
const greets = process.argv[2] === 'greet';
const greeting = Buffer.from('Hello from the server!!!');

function echo(socket) {
    socket.setNoDelay(true);
    socket.on('data', (data) => {
        if (!socket.write(data)) {
            socket.pause();
        }
    });
    socket.on('drain', () => socket.resume());
    socket.on('end', () => socket.end());
}

function greet(socket) {
    socket.once('data', () => socket.end(greeting));
    socket.resume();
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    (greets ? greet : echo)(socket);
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    console.log(`node port ${server.address().port}`);
});
