#pragma once

#include <functional>

namespace chatear::log {

/// From here on lines of debug and info wait for those behind them, so that hundreds of events that
/// end together do not cost a write(2) each. `soon` is called when the first one waits, and sees to
/// it that flush() is called; a line of warn or error, or a write's worth of lines, does not wait
/// for it. Null: they wait no more. One thread.
void gather(std::function<void()> soon);

/// Writes what waits, if anything does.
void flush();

}  // namespace chatear::log
