#include "nats/protocol.hpp"

#include "base/assert.hpp"
#include "base/json.hpp"
#include "base/number.hpp"
#include "nats/json_fields.hpp"

#include <algorithm>
#include <array>

namespace chatear::nats {
namespace {

constexpr std::string_view header_version = "NATS/1.0";
constexpr std::string_view line_end = "\r\n";

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

/// The words of a line; more than six is no operation of NATS.
struct Words {
    std::array<std::string_view, 6> word{};
    std::size_t count = 0;
};

Words split_words(std::string_view line) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    Words words;
    while (!(line = trim(line)).empty()) {
        const auto end = std::find_if(line.begin(), line.end(), is_blank);
        const auto length = static_cast<std::size_t>(end - line.begin());
        if (words.count == words.word.size()) {
            words.count = 0;
            return words;
        }
        words.word[words.count++] = line.substr(0, length);
        line.remove_prefix(length);
    }
    return words;
}

/// Splits the operation's name from its arguments; names are known without case.
std::pair<std::string, std::string_view> split_operation(std::string_view line) {
    const std::size_t length = std::min(line.find_first_of(" \t"), line.size());
    std::string name(line.substr(0, std::min<std::size_t>(length, 8)));
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return {std::move(name), trim(line.substr(length))};
}

std::string_view without_quotes(std::string_view text) {
    if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
        return text.substr(1, text.size() - 2);
    }
    return text;
}

}  // namespace

Result<ServerInfo> parse_server_info(std::string_view json) {
    const Result<boost::json::value> parsed = parse_json(json);
    if (!parsed) {
        return Error{"the INFO of the server is no JSON: " + parsed.error().message};
    }
    const boost::json::object* object = parsed->if_object();
    if (!object) {
        return Error{"the INFO of the server is no JSON object"};
    }
    ServerInfo info;
    info.server_id = text_field(*object, "server_id");
    info.server_name = text_field(*object, "server_name");
    info.version = text_field(*object, "version");
    info.nonce = text_field(*object, "nonce");
    info.headers = bool_field(*object, "headers");
    info.jetstream = bool_field(*object, "jetstream");
    info.auth_required = bool_field(*object, "auth_required");
    info.tls_required = bool_field(*object, "tls_required");
    info.tls_available = bool_field(*object, "tls_available");
    info.lame_duck = bool_field(*object, "ldm");
    info.connect_urls = list_field(*object, "connect_urls");
    const auto most =
        integer_field(*object, "max_payload", static_cast<std::int64_t>(info.max_payload));
    if (most <= 0 || most > static_cast<std::int64_t>(Parser::max_message_bytes)) {
        return Error{"the server's max_payload is out of range"};
    }
    info.max_payload = static_cast<std::size_t>(most);
    return info;
}

Result<std::optional<ServerOperation>> Parser::next() {
    if (pending_) {
        return finish_message();
    }
    const std::string_view rest = std::string_view(buffer_).substr(position_);
    const std::size_t end = rest.find('\n', searched_);
    if (end == std::string_view::npos) {
        searched_ = rest.size();
        if (rest.size() > max_line_bytes) {
            return Error{
                "a protocol line is longer than " + std::to_string(max_line_bytes) + " bytes"};
        }
        compact();
        return std::optional<ServerOperation>();
    }
    if (end > max_line_bytes) {
        return Error{"a protocol line is longer than " + std::to_string(max_line_bytes) + " bytes"};
    }
    std::string_view line = rest.substr(0, end);
    if (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    position_ += end + 1;
    searched_ = 0;
    return parse_line(line);
}

Result<std::optional<ServerOperation>> Parser::parse_line(std::string_view line) {
    const auto [name, arguments] = split_operation(line);
    if (name == "MSG" || name == "HMSG") {
        const Result<void> begun = begin_message(arguments, name == "HMSG");
        if (!begun) {
            return begun.error();
        }
        return finish_message();
    }
    if (name == "PING") {
        return std::optional<ServerOperation>(Ping());
    }
    if (name == "PONG") {
        return std::optional<ServerOperation>(Pong());
    }
    if (name == "+OK") {
        return std::optional<ServerOperation>(Ok());
    }
    if (name == "-ERR") {
        return std::optional<ServerOperation>(ServerError{std::string(without_quotes(arguments))});
    }
    if (name == "INFO") {
        Result<ServerInfo> info = parse_server_info(arguments);
        if (!info) {
            return info.error();
        }
        return std::optional<ServerOperation>(std::move(*info));
    }
    return Error{"an operation that no NATS server sends"};
}

/// MSG subject sid [reply] bytes; HMSG subject sid [reply] header-bytes total-bytes.
Result<void> Parser::begin_message(std::string_view arguments, bool has_headers) {
    const Error malformed{has_headers ? "a malformed HMSG" : "a malformed MSG"};
    const Words words = split_words(arguments);
    const std::size_t numbers = has_headers ? 2 : 1;
    if (words.count != 2 + numbers && words.count != 3 + numbers) {
        return malformed;
    }
    const auto sid = parse_number<std::uint64_t>(words.word[1]);
    const auto total = parse_number<std::size_t>(words.word[words.count - 1]);
    const auto headers = has_headers ? parse_number<std::size_t>(words.word[words.count - 2]) : 0;
    if (!sid || !total || !headers || *headers > *total || *total > max_message_bytes) {
        return malformed;
    }
    Pending pending;
    pending.delivered.sid = *sid;
    pending.delivered.message.subject = words.word[0];
    if (words.count == 3 + numbers) {
        pending.delivered.message.reply_to = words.word[2];
    }
    pending.header_bytes = *headers;
    pending.total_bytes = *total;
    pending_ = std::move(pending);
    return {};
}

Result<std::optional<ServerOperation>> Parser::finish_message() {
    const std::string_view rest = std::string_view(buffer_).substr(position_);
    if (rest.size() < pending_->total_bytes + line_end.size()) {
        compact();
        buffer_.reserve(pending_->total_bytes + line_end.size());
        return std::optional<ServerOperation>();
    }
    if (rest.substr(pending_->total_bytes, line_end.size()) != line_end) {
        return Error{"a message is not followed by CR LF"};
    }
    Delivered delivered = std::move(pending_->delivered);
    const std::size_t header_bytes = pending_->header_bytes;
    const std::size_t total_bytes = pending_->total_bytes;
    pending_.reset();
    read_header_block(rest.substr(0, header_bytes), delivered.message);
    delivered.message.payload = rest.substr(header_bytes, total_bytes - header_bytes);
    position_ += total_bytes + line_end.size();
    return std::optional<ServerOperation>(std::move(delivered));
}

void Parser::compact() {
    buffer_.erase(0, position_);
    position_ = 0;
}

void read_header_block(std::string_view block, Message& message) {
    if (!block.starts_with(header_version)) {
        return;
    }
    const std::size_t first_end = std::min(block.find(line_end), block.size());
    const std::string_view status =
        trim(block.substr(header_version.size(), first_end - header_version.size()));
    const std::size_t digits = std::min(status.find(' '), status.size());
    const auto code = parse_number<int>(status.substr(0, digits));
    if (code && *code >= 0 && *code <= 999) {
        message.status = *code;
        message.status_text = trim(status.substr(digits));
    }
    block.remove_prefix(first_end);
    while (!block.empty()) {
        block.remove_prefix(std::min(line_end.size(), block.size()));
        const std::string_view line = block.substr(0, block.find(line_end));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && colon > 0) {
            message.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
        }
        block.remove_prefix(line.size());
    }
}

std::string encode_header_block(const Headers& headers) {
    std::string block(header_version);
    block += line_end;
    for (const auto& [name, value] : headers) {
        block.append(name).append(": ").append(value).append(line_end);
    }
    block += line_end;
    return block;
}

void append_publish(
    std::string& output,
    std::string_view subject,
    std::string_view reply_to,
    const Headers& headers,
    std::string_view payload
) {
    const std::string block = headers.empty() ? std::string() : encode_header_block(headers);
    output.append(headers.empty() ? "PUB " : "HPUB ").append(subject).append(" ");
    if (!reply_to.empty()) {
        output.append(reply_to).append(" ");
    }
    if (!headers.empty()) {
        output.append(std::to_string(block.size())).append(" ");
    }
    output.append(std::to_string(block.size() + payload.size())).append(line_end);
    output.append(block).append(payload).append(line_end);
}

void append_subscribe(std::string& output, std::string_view subject, std::uint64_t sid) {
    output.append("SUB ").append(subject).append(" ").append(std::to_string(sid)).append(line_end);
}

void append_unsubscribe(std::string& output, std::uint64_t sid) {
    output.append("UNSUB ").append(std::to_string(sid)).append(line_end);
}

void append_connect(std::string& output, std::string_view options_json) {
    output.append("CONNECT ").append(options_json).append(line_end);
}

}  // namespace chatear::nats
