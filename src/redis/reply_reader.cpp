#include "redis/reply_reader.hpp"

#include "base/assert.hpp"

#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <utility>

namespace chatear::redis {

// What hiredis cannot say of a reply that we refuse, and what it must not exceed.
struct ReplyReader::State {
    State();

    struct Free {
        void operator()(redisReader* unused) const { redisReaderFree(unused); }
    };

    std::unique_ptr<redisReader, Free> reader;
    std::size_t values = 0;  // Of the reply under way.
    std::size_t bytes = 0;   // Fed and not yet part of a reply handed out.
    std::string refused;     // Ours, where hiredis only knows "Out of memory".
};

namespace {

// hiredis builds our Reply itself through these. They run inside C code and must not throw. A null
// pointer makes the reader fail. Elements of an array live in it; hiredis frees the root alone.

// This is a template because the State type is private to ReplyReader.
template <typename State>
struct Builder {
    static State& state(const redisReadTask* task) { return *static_cast<State*>(task->privdata); }

    static void* refuse(const redisReadTask* task, const char* why) noexcept {
        state(task).refused = why;
        return nullptr;
    }

    template <typename Value>
    static void* place(const redisReadTask* task, Value value) noexcept {
        if (task->parent == nullptr) {
            return std::make_unique<Reply>(Reply{std::move(value)}).release();
        }
        Reply& parent = *static_cast<Reply*>(task->parent->obj);
        Reply& place = std::get<Reply::Array>(parent.value).at(static_cast<std::size_t>(task->idx));
        place.value = std::move(value);
        return &place;
    }

    static void* create_string(const redisReadTask* task, char* text, std::size_t size) noexcept {
        if (text[size] != '\r' ||
            text[size + 1] != '\n') {  // hiredis has seen that they are there.
            return refuse(task, "a string without its line break");
        }
        std::string value(text, size);
        switch (task->type) {
            case REDIS_REPLY_STRING:
                return place(task, std::move(value));
            case REDIS_REPLY_STATUS:
                return place(task, Status{std::move(value)});
            case REDIS_REPLY_ERROR:
                return place(task, ErrorReply{std::move(value)});
            default:
                return refuse(task, "a type that RESP2 has not");
        }
    }

    // `Count` is int in hiredis 0.14 and size_t from 1.0 on.
    template <typename Count>
    static void* create_array(const redisReadTask* task, Count count) noexcept {
        if (task->type != REDIS_REPLY_ARRAY) {
            return refuse(task, "a type that RESP2 has not");
        }
        std::size_t depth = 1;
        for (const redisReadTask* parent = task->parent; parent != nullptr;
             parent = parent->parent) {
            ++depth;
        }
        const auto size = static_cast<std::size_t>(count);
        if (depth > max_nesting || size > max_reply_values - state(task).values) {
            return refuse(task, "a reply with too many values or too deep");
        }
        state(task).values += size;
        return place(task, Reply::Array(size));
    }

    static void* create_integer(const redisReadTask* task, long long value) noexcept {
        return place(task, std::int64_t{value});
    }

    static void* create_nil(const redisReadTask* task) noexcept {
        // "_"; in RESP2 it is a string or an array of size -1.
        if (task->type == REDIS_REPLY_NIL) {
            return refuse(task, "a type that RESP2 has not");
        }
        return place(task, std::monostate{});
    }

    static void free_reply(void* reply) noexcept {
        std::unique_ptr<Reply>(static_cast<Reply*>(reply));
    }

    // From hiredis 1.0 on: without these two it would make up pointers.
    static void* create_double(const redisReadTask* task, double, char*, std::size_t) noexcept {
        return refuse(task, "a type that RESP2 has not");
    }
    static void* create_bool(const redisReadTask* task, int) noexcept {
        return refuse(task, "a type that RESP2 has not");
    }

    template <typename Functions>
    static Functions functions() {
        Functions made{};
        made.createString = &create_string;
        made.createArray = &create_array;
        made.createInteger = &create_integer;
        made.createNil = &create_nil;
        made.freeObject = &free_reply;
        if constexpr (requires { made.createDouble; }) {
            made.createDouble = &create_double;
            made.createBool = &create_bool;
        }
        return made;
    }

    static constexpr std::size_t max_nesting = ReplyReader::max_nesting;
    static constexpr std::size_t max_reply_values = ReplyReader::max_reply_values;
};

}  // namespace

ReplyReader::State::State() {
    static redisReplyObjectFunctions functions =
        Builder<State>::functions<redisReplyObjectFunctions>();
    reader.reset(redisReaderCreateWithFunctions(&functions));
    CHATEAR_ASSERT(reader != nullptr);
    reader->privdata = this;
}

ReplyReader::ReplyReader() : state_(std::make_unique<State>()) {}
ReplyReader::~ReplyReader() = default;
ReplyReader::ReplyReader(ReplyReader&&) noexcept = default;
ReplyReader& ReplyReader::operator=(ReplyReader&&) noexcept = default;

void ReplyReader::feed(std::string_view bytes) {
    state_->bytes += bytes.size();
    // Its failure stays in the reader and comes out of next().
    redisReaderFeed(state_->reader.get(), bytes.data(), bytes.size());
}

Result<std::optional<Reply>> ReplyReader::next() {
    redisReader& reader = *state_->reader;
    void* found = nullptr;
    if (redisReaderGetReply(&reader, &found) != REDIS_OK) {
        const std::string why =
            state_->refused.empty() ? std::string(reader.errstr) : state_->refused;
        return Error{"the peer does not speak RESP2 as we know it: " + why};
    }
    if (found == nullptr) {
        if (state_->bytes > max_reply_bytes) {
            return Error{
                "the peer sent a reply of more than " + std::to_string(max_reply_bytes) + " bytes"};
        }
        return std::optional<Reply>();
    }
    const std::unique_ptr<Reply> reply(static_cast<Reply*>(found));
    state_->values = 0;
    state_->bytes = reader.len - reader.pos;
    return std::optional<Reply>(std::move(*reply));
}

}  // namespace chatear::redis
