// The peer on .NET's sockets, with its asynchronous calls on memory: peer.dll echo|greet.
using System.Net;
using System.Net.Sockets;

bool greets = args.Length == 1 && args[0] == "greet";
byte[] greeting = "Hello from the server!!!"u8.ToArray();

async Task Echo(Socket socket)
{
    socket.NoDelay = true;
    byte[] buffer = new byte[16 * 1024];
    int size;
    while ((size = await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None)) > 0)
    {
        await SendAll(socket, buffer.AsMemory(0, size));
    }
}

async Task Greet(Socket socket)
{
    byte[] buffer = new byte[1024];
    if (await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None) > 0)
    {
        await SendAll(socket, greeting);
        socket.Shutdown(SocketShutdown.Send);
        while (await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None) > 0)
        {
        }
    }
}

async ValueTask SendAll(Socket socket, ReadOnlyMemory<byte> data)
{
    while (data.Length > 0)
    {
        data = data.Slice(await socket.SendAsync(data, SocketFlags.None));
    }
}

async Task Serve(Socket socket)
{
    try
    {
        await (greets ? Greet(socket) : Echo(socket));
    }
    catch (SocketException)
    {
        // the peer has reset it
    }
    socket.Dispose();
}

using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
listener.Listen(4096);
Console.WriteLine($"dotnet port {((IPEndPoint)listener.LocalEndPoint!).Port}");
while (true)
{
    _ = Serve(await listener.AcceptAsync());
}
