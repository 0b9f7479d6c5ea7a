#pragma once

#include "base/clock.hpp"
#include "deletion/clock_watch.hpp"
#include "deletion/deletion_store.hpp"
#include "deletion/journal.hpp"

#include <boost/asio/awaitable.hpp>

namespace chatear::deletion {

namespace asio = boost::asio;

/// Stops everybody's executions where the database's clock was set ahead (rule 10). One for all
/// passes of a process that go by what is due: a jump that one of them stopped for is not found
/// again by another, after a person has looked.
class ClockStop {
public:
    /// Everything must outlive it.
    ClockStop(DeletionStore& store, Journal& journal, const Clock& clock)
        : store_(store), journal_(journal), clock_(clock) {}

    /// `database`: its time, read just now. False = it gained on this machine's, and the stop
    /// stands in the database now. Throws Unavailable("postgres"); the gain is found again then.
    asio::awaitable<bool> sound(Time database);

private:
    DeletionStore& store_;
    Journal& journal_;
    const Clock& clock_;
    ClockWatch watch_;
};

}  // namespace chatear::deletion
