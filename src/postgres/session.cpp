#include "postgres/session.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "net/moment.hpp"
#include "postgres/statement_cancelled.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <exception>
#include <utility>

namespace chatear::postgres {
namespace {

std::string field(const PGresult* result, int code) {
    const char* value = PQresultErrorField(result, code);
    return value == nullptr ? "" : value;
}

SqlError error_of(const PGresult* result) {
    SqlError error{
        field(result, PG_DIAG_SQLSTATE),
        field(result, PG_DIAG_MESSAGE_PRIMARY),
        field(result, PG_DIAG_CONSTRAINT_NAME),
        field(result, PG_DIAG_MESSAGE_DETAIL),
    };
    if (error.sqlstate.empty()) {  // Not the server's: libpq lost the connection.
        error.sqlstate = "08006";
        error.message = one_line(PQresultErrorMessage(result));
    }
    return error;
}

std::vector<const char*> pointers(const Params& params) {
    std::vector<const char*> values;
    values.reserve(params.size());
    for (const auto& value : params.values()) {
        values.push_back(value ? value->c_str() : nullptr);
    }
    return values;
}

}  // namespace

Connection::Session::Session(const asio::any_io_executor& used, const ConnectionOptions& options)
    : executor(used),
      changed(used),
      where(describe_hosts(options.url)),
      options_(options),
      socket_(used),
      unsent_(used),
      last_progress_(net::now()) {}

void Connection::Session::adopt(Opened opened) {
    handle_ = std::move(opened.handle);
    where = std::move(opened.where);
    if (PQsetnonblocking(handle_.get(), 1) != 0 || PQenterPipelineMode(handle_.get()) != 1) {
        close(libpq_error());
        throw_unavailable();
    }
    socket_.assign(PQsocket(handle_.get()), where);
    open = true;
}

std::shared_ptr<Connection::Session::Answer> Connection::Session::submit(
    std::string_view text, const Params& params, bool forget
) {
    if (!open) {
        throw_unavailable();
    }
    CHATEAR_ASSERT(pending_.empty() || !pending_.back().script);
    Pending pending;
    pending.answer = std::make_shared<Answer>(executor);
    pending.forget = forget;
    const std::shared_ptr<Answer> answer = pending.answer;
    send(pending, text, params);
    enqueue(std::move(pending));
    if (PQpipelineSync(handle_.get()) != 1) {
        close(libpq_error());
        throw_unavailable();
    }
    if (PQflush(handle_.get()) != 0) {
        unsent_.notify_all();
    }
    return answer;
}

// A text that is being prepared goes unprepared meanwhile: were its preparation to fail, the
// queries behind it would fail as well, with another error (26000).
void Connection::Session::send(Pending& pending, std::string_view text, const Params& params) {
    const std::vector<const char*> values = pointers(params);
    const int count = static_cast<int>(values.size());
    PGconn* connection = handle_.get();
    auto known = prepared_.find(text);
    int sent = 1;
    if (known == prepared_.end() && !preparing_.contains(text) &&
        prepared_.size() + preparing_.size() < most_prepared) {
        pending.prepares = text;
        pending.name = fmt::format("chatear_{}", ++last_name_);
        preparing_.insert(pending.prepares);
        sent =
            PQsendPrepare(connection, pending.name.c_str(), pending.prepares.c_str(), 0, nullptr);
    } else if (known != prepared_.end()) {
        pending.name = known->second;
    }
    if (sent == 1 && pending.name.empty()) {
        const std::string copy(text);
        sent = PQsendQueryParams(
            connection, copy.c_str(), count, nullptr, values.data(), nullptr, nullptr, 0
        );
    } else if (sent == 1) {
        sent = PQsendQueryPrepared(
            connection, pending.name.c_str(), count, values.data(), nullptr, nullptr, 0
        );
    }
    if (sent != 1) {
        close(libpq_error());
        throw_unavailable();
    }
}

std::shared_ptr<Connection::Session::Answer> Connection::Session::submit_script(
    const std::string& text
) {
    if (!open) {
        throw_unavailable();
    }
    CHATEAR_ASSERT(pending_.empty());
    Pending pending;
    pending.answer = std::make_shared<Answer>(executor);
    pending.script = true;
    const std::shared_ptr<Answer> answer = pending.answer;
    if (PQexitPipelineMode(handle_.get()) != 1 || PQsendQuery(handle_.get(), text.c_str()) != 1) {
        close(libpq_error());
        throw_unavailable();
    }
    enqueue(std::move(pending));
    if (PQflush(handle_.get()) != 0) {
        unsent_.notify_all();
    }
    return answer;
}

void Connection::Session::enqueue(Pending pending) {
    if (pending_.empty()) {
        last_progress_ = net::now();
        changed.notify_all();
    }
    pending_.push_back(std::move(pending));
}

void Connection::Session::close(const std::string& why) noexcept {
    if (closed) {
        return;
    }
    closed = true;
    open = false;
    why_closed = why;
    socket_.release();
    handle_.reset();
    const std::deque<Pending> failed = std::exchange(pending_, {});
    for (const Pending& pending : failed) {
        pending.answer->set_exception(std::make_exception_ptr(Unavailable("postgres", where, why)));
    }
    changed.notify_all();
    unsent_.notify_all();
}

void Connection::Session::judge(const QueryResult& result) {
    if (result || classify(result.error().sqlstate) != SqlErrorClass::unavailable) {
        return;
    }
    const std::string why = describe(result.error());
    // A standby stays one, and what pgbouncer forgot it will not remember: connect anew.
    if (result.error().sqlstate == "25006" || result.error().sqlstate == "26000") {
        close(why);
    }
    if (result.error().sqlstate == statement_cancelled) {
        throw StatementCancelled("postgres", where, why);
    }
    throw Unavailable("postgres", where, why);
}

void Connection::Session::throw_unavailable() const {
    throw Unavailable("postgres", where, closed ? why_closed : "not connected");
}

void Connection::Session::take_results() {
    int nothing_in_a_row = 0;
    while (open && !pending_.empty() && nothing_in_a_row < 2 && PQisBusy(handle_.get()) == 0) {
        PGresult* result = PQgetResult(handle_.get());
        if (result != nullptr) {
            nothing_in_a_row = 0;
            take_result(result);
        } else if (pending_.front().script) {
            PQenterPipelineMode(handle_.get());
            finish_front();
        } else {
            ++nothing_in_a_row;
        }
    }
}

void Connection::Session::take_result(pg_result* result) {
    Rows owned(result);
    Pending& front = pending_.front();
    switch (PQresultStatus(result)) {
        case PGRES_PIPELINE_SYNC:
            finish_front();
            break;
        case PGRES_FATAL_ERROR:
        case PGRES_BAD_RESPONSE:
            if (front.result) {  // The first error tells why; those behind it follow from it.
                front.result = error_of(result);
            }
            break;
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
        case PGRES_EMPTY_QUERY:
            if (!front.prepares.empty() && !front.prepared) {
                front.prepared = true;
            } else if (front.result) {
                front.result = std::move(owned);
            }
            break;
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
            close("COPY is not for this connection");  // libpq's state is beyond repair after it.
            break;
        case PGRES_NONFATAL_ERROR:
        case PGRES_SINGLE_TUPLE:
        case PGRES_PIPELINE_ABORTED:
        default:  // libpq 17 has more words; none that we ask for.
            break;
    }
}

void Connection::Session::finish_front() {
    Pending front = std::move(pending_.front());
    pending_.pop_front();
    last_progress_ = net::now();
    if (!front.prepares.empty()) {
        preparing_.erase(front.prepares);
        if (front.prepared) {
            prepared_.emplace(front.prepares, front.name);
        }
    }
    if (front.forget && !front.result) {
        close(describe(front.result.error()));
    }
    front.answer->set_value(std::move(front.result));
}

void Connection::Session::take_notifications() {
    while (open) {
        const std::unique_ptr<PGnotify, decltype(&PQfreemem)> notify(
            PQnotifies(handle_.get()), &PQfreemem
        );
        if (!notify) {
            return;
        }
        if (on_notification) {
            on_notification(notify->relname);
        }
    }
}

std::string Connection::Session::libpq_error() const {
    return one_line(PQerrorMessage(handle_.get()));
}

}  // namespace chatear::postgres
