#include "support/scripted_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace chatear::test {
namespace {

void set_option(int socket, int level, int name, int value) {
    ::setsockopt(socket, level, name, &value, sizeof value);
}

std::string printable(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        if (c == '\r') {
            text += "\\r";
        } else if (c == '\n') {
            text += "\\n";
        } else {
            text += c;
        }
    }
    return text;
}

}  // namespace

PeerStep expect(std::string bytes) {
    return {PeerStep::Kind::expect, std::move(bytes)};
}
PeerStep expect_line(std::string beginning) {
    return {PeerStep::Kind::expect_line, std::move(beginning)};
}
PeerStep skip_until(std::string bytes) {
    return {PeerStep::Kind::skip_until, std::move(bytes)};
}
PeerStep send(std::string bytes) {
    return {PeerStep::Kind::send, std::move(bytes)};
}
PeerStep send_slowly(std::string bytes) {
    return {PeerStep::Kind::send_slowly, std::move(bytes)};
}
PeerStep stall() {
    return {PeerStep::Kind::stall};
}
PeerStep swallow() {
    return {PeerStep::Kind::swallow};
}
PeerStep hang_up() {
    return {PeerStep::Kind::hang_up};
}
PeerStep reset() {
    return {PeerStep::Kind::reset};
}

std::size_t sent_bytes(const PeerScript& script) {
    std::size_t sum = 0;
    for (const PeerStep& step : script) {
        const bool sends =
            step.kind == PeerStep::Kind::send || step.kind == PeerStep::Kind::send_slowly;
        sum += sends ? step.bytes.size() : 0;
    }
    return sum;
}

PeerScript cut_at(const PeerScript& script, std::size_t bytes, PeerStep end) {
    PeerScript cut;
    for (const PeerStep& step : script) {
        const std::size_t sent = sent_bytes({step});
        if (sent > bytes) {
            cut.push_back({step.kind, step.bytes.substr(0, bytes)});
            cut.push_back(std::move(end));
            return cut;
        }
        bytes -= sent;
        cut.push_back(step);
    }
    return cut;
}

PeerScript cut_after_steps(const PeerScript& script, std::size_t steps, PeerStep end) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(steps, script.size()));
    PeerScript cut(script.begin(), script.begin() + count);
    cut.push_back(std::move(end));
    return cut;
}

struct ScriptedPeer::Client {
    int socket = -1;
    std::size_t index = 0;
    std::string buffer{};  // Received, not matched yet.
    bool gone = false;
};

ScriptedPeer::ScriptedPeer(PeerScript only_connection)
    : ScriptedPeer(std::vector<PeerScript>(1, std::move(only_connection))) {}

ScriptedPeer::ScriptedPeer(std::vector<PeerScript> connections) : scripts_(connections.size()) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    wake_ = ::eventfd(0, EFD_CLOEXEC);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || wake_ < 0 || ::bind(listener_, generic, length) != 0 ||
        ::listen(listener_, 16) != 0 || ::getsockname(listener_, generic, &length) != 0) {
        throw std::runtime_error("a scripted peer cannot listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, scripts = std::move(connections)]() mutable {
        run(std::move(scripts));
    });
}

ScriptedPeer::~ScriptedPeer() {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_, &one, sizeof one) == 0);
    thread_.join();
    ::close(listener_);
    ::close(wake_);
}

std::string ScriptedPeer::failure() const {
    const std::scoped_lock lock(mutex_);
    return failure_;
}

std::string ScriptedPeer::received(std::size_t index) const {
    const std::scoped_lock lock(mutex_);
    return index < received_.size() ? received_[index] : std::string();
}

void ScriptedPeer::fail(std::size_t connection, const std::string& what) {
    const std::scoped_lock lock(mutex_);
    if (failure_.empty()) {
        failure_ = "connection " + std::to_string(connection) + ": " + what;
    }
}

/// False when the test is over.
bool ScriptedPeer::wait_for(int socket, short events) {
    std::array<pollfd, 2> polled{{{socket, events, 0}, {wake_, POLLIN, 0}}};
    return ::poll(polled.data(), polled.size(), -1) > 0 && polled[1].revents == 0;
}

void ScriptedPeer::run(std::vector<PeerScript> connections) {
    while (wait_for(listener_, POLLIN)) {
        Client client;
        client.socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client.socket < 0) {
            continue;
        }
        set_option(client.socket, IPPROTO_TCP, TCP_NODELAY, 1);
        client.index = accepted_++;
        {
            const std::scoped_lock lock(mutex_);
            received_.emplace_back();
        }
        if (client.index < connections.size()) {
            play(client, connections[client.index]);
            ++played_;
        }
        ::close(client.socket);
    }
}

void ScriptedPeer::play(Client& client, const PeerScript& script) {
    for (const PeerStep& step : script) {
        if (!play_step(client, step)) {
            return;
        }
    }
}

/// Reads once; false when the client is gone or the test is over.
bool ScriptedPeer::read_more(Client& client) {
    if (!wait_for(client.socket, POLLIN)) {
        return false;
    }
    std::array<char, 16 * 1024> chunk{};
    const ssize_t count = ::recv(client.socket, chunk.data(), chunk.size(), 0);
    if (count <= 0) {
        client.gone = true;
        return false;
    }
    client.buffer.append(chunk.data(), static_cast<std::size_t>(count));
    const std::scoped_lock lock(mutex_);
    received_[client.index].append(chunk.data(), static_cast<std::size_t>(count));
    return true;
}

bool ScriptedPeer::write_all(Client& client, const std::string& bytes) {
    std::size_t written = 0;
    while (written < bytes.size()) {
        if (!wait_for(client.socket, POLLOUT)) {
            return false;
        }
        const ssize_t count =
            ::send(client.socket, bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
        if (count <= 0) {
            client.gone = true;
            return false;
        }
        written += static_cast<std::size_t>(count);
    }
    return true;
}

/// Reads until `enough` holds for the buffer; notes what was expected when the client hung up
/// before.
template <typename Enough>
bool ScriptedPeer::read_until(Client& client, const std::string& expected, Enough enough) {
    while (!enough(client.buffer)) {
        if (!read_more(client)) {
            fail(
                client.index,
                "expected '" + printable(expected) + "', got '" + printable(client.buffer) + "'"
            );
            return false;
        }
    }
    return true;
}

bool ScriptedPeer::play_expect(Client& client, const std::string& bytes) {
    if (!read_until(client, bytes, [&](const std::string& got) {
            return got.size() >= bytes.size();
        })) {
        return false;
    }
    if (!client.buffer.starts_with(bytes)) {
        fail(
            client.index,
            "expected '" + printable(bytes) + "', got '" + printable(client.buffer) + "'"
        );
        return false;
    }
    client.buffer.erase(0, bytes.size());
    return true;
}

bool ScriptedPeer::play_expect_line(Client& client, const std::string& beginning) {
    if (!read_until(client, beginning, [](const std::string& got) {
            return got.find('\n') != std::string::npos;
        })) {
        return false;
    }
    const std::string line = client.buffer.substr(0, client.buffer.find('\n') + 1);
    client.buffer.erase(0, line.size());
    if (!line.starts_with(beginning)) {
        fail(
            client.index,
            "expected a line '" + printable(beginning) + "', got '" + printable(line) + "'"
        );
        return false;
    }
    return true;
}

bool ScriptedPeer::play_skip_until(Client& client, const std::string& bytes) {
    if (!read_until(client, bytes, [&](const std::string& got) {
            return got.find(bytes) != std::string::npos;
        })) {
        return false;
    }
    client.buffer.erase(0, client.buffer.find(bytes) + bytes.size());
    return true;
}

/// False = nothing more of the script can be played.
bool ScriptedPeer::play_step(Client& client, const PeerStep& step) {
    switch (step.kind) {
        case PeerStep::Kind::expect:
            return play_expect(client, step.bytes);
        case PeerStep::Kind::expect_line:
            return play_expect_line(client, step.bytes);
        case PeerStep::Kind::skip_until:
            return play_skip_until(client, step.bytes);
        case PeerStep::Kind::send:
            return write_all(client, step.bytes);
        case PeerStep::Kind::send_slowly:
            return std::all_of(step.bytes.begin(), step.bytes.end(), [&](char c) {
                return write_all(client, std::string(1, c));
            });
        case PeerStep::Kind::stall:
            // POLLRDHUP alone: what the client sends stays in the kernel, as with a stopped
            // process.
            wait_for(client.socket, POLLRDHUP);
            return false;
        case PeerStep::Kind::swallow:
            while (read_more(client)) {
            }
            return false;
        case PeerStep::Kind::hang_up:
            return false;
        case PeerStep::Kind::reset: {
            const linger at_once{1, 0};
            ::setsockopt(client.socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            return false;
        }
    }
    return false;
}

}  // namespace chatear::test
