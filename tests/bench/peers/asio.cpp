/* The peer on standalone Asio, as its own examples have it: a session that is shared with its
 * handlers, one thread. */
#include <array>
#include <asio.hpp>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>

namespace {

using asio::ip::tcp;

const std::string greeting = "Hello from the server!!!";

class session : public std::enable_shared_from_this<session> {
public:
    session(tcp::socket socket, bool greets) : socket_(std::move(socket)), greets_(greets) {}

    void read()
    {
        socket_.async_read_some(
            asio::buffer(data_),
            [self = shared_from_this()](const std::error_code &error, std::size_t size) {
                if (error) {
                    return;     /* the session ends with its last handler */
                }
                if (self->greets_) {
                    self->greet();
                } else {
                    self->echo(size);
                }
            });
    }

private:
    void echo(std::size_t size)
    {
        asio::async_write(socket_, asio::buffer(data_, size),
                          [self = shared_from_this()](const std::error_code &error, std::size_t) {
                              if (!error) {
                                  self->read();
                              }
                          });
    }

    void greet()
    {
        if (answered_) {
            read();
            return;
        }
        answered_ = true;
        asio::async_write(socket_, asio::buffer(greeting),
                          [self = shared_from_this()](const std::error_code &error, std::size_t) {
                              std::error_code ignored;
                              if (!error) {
                                  self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
                                  self->read();
                              }
                          });
    }

    tcp::socket socket_;
    bool greets_;
    bool answered_ = false;
    std::array<char, 16 * 1024> data_;
};

void accept(tcp::acceptor &acceptor, bool greets)
{
    acceptor.async_accept([&acceptor, greets](const std::error_code &error, tcp::socket socket) {
        if (!error) {
            if (!greets) {
                socket.set_option(tcp::no_delay(true));
            }
            std::make_shared<session>(std::move(socket), greets)->read();
        }
        accept(acceptor, greets);
    });
}

}

int main(int argc, char **argv)
{
    if (argc != 2 || (std::strcmp(argv[1], "echo") != 0 && std::strcmp(argv[1], "greet") != 0)) {
        std::cerr << "usage: " << argv[0] << " echo|greet\n";
        return 2;
    }
    asio::io_context context(1);
    tcp::acceptor acceptor(context);
    tcp::endpoint endpoint(asio::ip::address_v4::loopback(), 0);
    acceptor.open(endpoint.protocol());
    acceptor.bind(endpoint);
    acceptor.listen(4096);
    std::cout << "asio port " << acceptor.local_endpoint().port() << std::endl;
    accept(acceptor, std::strcmp(argv[1], "greet") == 0);
    context.run();
    return 0;
}
