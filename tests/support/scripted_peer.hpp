#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace chatear::test {

/// One thing that a scripted peer does with its client.
struct PeerStep {
    enum class Kind {
        expect,       ///< Reads as many bytes as `bytes` has; they must be equal.
        expect_line,  ///< Reads to '\n'; the line must begin with `bytes`.
        skip_until,   ///< Reads until `bytes` were seen, whatever stands before.
        send,         ///< Writes `bytes`.
        send_slowly,  ///< Writes them one by one, each in a packet of its own.
        stall,        ///< Reads and writes nothing until the client hangs up or the test is over.
        swallow,      ///< Reads everything, answers nothing, until the client hangs up.
        hang_up,      ///< Closes in order (FIN).
        reset,        ///< Closes with RST.
    };
    Kind kind = Kind::send;
    std::string bytes{};
};

PeerStep expect(std::string bytes);
PeerStep expect_line(std::string beginning);
PeerStep skip_until(std::string bytes);
PeerStep send(std::string bytes);
PeerStep send_slowly(std::string bytes);
PeerStep stall();
PeerStep swallow();
PeerStep hang_up();
PeerStep reset();

/// What one connection is played.
using PeerScript = std::vector<PeerStep>;

/// `script` as far as the `bytes`-th byte that the peer would send, then `end` (hang_up() if it is
/// cut). With `bytes` from 0 to sent_bytes(script) this breaks the peer at every place.
PeerScript cut_at(const PeerScript& script, std::size_t bytes, PeerStep end = hang_up());
std::size_t sent_bytes(const PeerScript& script);

/// The first `steps` steps, then `end`: breaks the peer at every step.
PeerScript cut_after_steps(const PeerScript& script, std::size_t steps, PeerStep end = hang_up());

/// A TCP server on the loopback, in a thread of its own, that plays one script a connection, one
/// connection after the other. After its last step it hangs up. A connection beyond the last
/// script is closed at once. What the client did otherwise than expected is in failure().
class ScriptedPeer {
public:
    explicit ScriptedPeer(std::vector<PeerScript> connections);
    explicit ScriptedPeer(PeerScript only_connection);
    ~ScriptedPeer();
    ScriptedPeer(const ScriptedPeer&) = delete;
    ScriptedPeer& operator=(const ScriptedPeer&) = delete;

    std::uint16_t port() const { return port_; }

    /// Empty = as far as it was played the client did what the scripts expect.
    std::string failure() const;

    /// All that the client of connection `index` sent so far.
    std::string received(std::size_t index = 0) const;

    std::size_t accepted() const { return accepted_; }     ///< Connections so far.
    bool finished() const { return played_ >= scripts_; }  ///< All scripts came to their end.

private:
    struct Client;

    void run(std::vector<PeerScript> connections);
    void play(Client& client, const PeerScript& script);
    bool play_step(Client& client, const PeerStep& step);
    bool play_expect(Client& client, const std::string& bytes);
    bool play_expect_line(Client& client, const std::string& beginning);
    bool play_skip_until(Client& client, const std::string& bytes);
    template <typename Enough>
    bool read_until(Client& client, const std::string& expected, Enough enough);
    bool read_more(Client& client);
    bool write_all(Client& client, const std::string& bytes);
    bool wait_for(int socket, short events);
    void fail(std::size_t connection, const std::string& what);

    int listener_ = -1;
    int wake_ = -1;  // eventfd: the test is over.
    std::uint16_t port_ = 0;
    std::size_t scripts_ = 0;
    std::atomic<std::size_t> accepted_ = 0;
    std::atomic<std::size_t> played_ = 0;
    mutable std::mutex mutex_;  // Over the next two.
    std::string failure_;
    std::vector<std::string> received_;
    std::thread thread_;
};

}  // namespace chatear::test
