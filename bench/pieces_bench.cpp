#include "base/digest.hpp"
#include "base/json.hpp"
#include "mail/message_id.hpp"
#include "mail/mime_writer.hpp"
#include "nats/protocol.hpp"
#include "notification/compose.hpp"
#include "notification/email_codec.hpp"
#include "runtime/ledger_params.hpp"
#include "smtp/reply.hpp"
#include "smtp/wire_content.hpp"

#include <benchmark/benchmark.h>
#include <boost/json.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// The pieces of an e-mail's way that have no server in them, one e-mail each (bench/pieces.py).
namespace chatear {
namespace {

using benchmark::DoNotOptimize;  // Of what is not const: the other one is deprecated (Debian 13).
using benchmark::State;

constexpr std::size_t batch = 256;  // Claims in a statement under load.

std::string body() {
    std::string text;
    while (text.size() < 1024) {
        text += "A line of an e-mail as a person would write it, and no more.\n";
    }
    return text;
}

std::string event_json() {
    boost::json::object event;
    event["recipient"] = "ann@example.test";
    event["subject"] = "Message 4711";
    event["body"] = body();
    return to_json_text(event);
}

notification::EmailSend event() {
    auto decoded = notification::decode_email_send(event_json());
    if (!decoded) {
        throw std::runtime_error(decoded.error().message);
    }
    return std::move(*decoded);
}

mail::Message message() {
    const mail::Templates no_templates;
    const auto from = mail::parse_address("Chatear <no-reply@chatear.test>");
    auto composed = notification::compose(
        event(),
        no_templates,
        *from,
        mail::stable_message_id("bench-4711", "chatear.test"),
        Time(std::chrono::seconds(1'800'000'000))
    );
    return std::move(*composed);
}

std::string delivery() {
    std::string bytes;
    const std::string headers = "NATS/1.0\r\nNats-Msg-Id: bench-4711\r\n\r\n";
    const std::string payload = event_json();
    bytes += "HMSG email.send 7 $JS.ACK.NOTIFICATIONS.worker.1.4711.4711.1800000000000000000.99 ";
    bytes += std::to_string(headers.size()) + " " + std::to_string(headers.size() + payload.size());
    bytes += "\r\n" + headers + payload + "\r\n";
    return bytes;
}

/// What the others are compared with: it depends on the machine alone.
void sha256_of_1_kib(State& state) {
    const std::string text = body().substr(0, 1024);
    for (auto _ : state) {
        DoNotOptimize(sha256(text));
    }
}
BENCHMARK(sha256_of_1_kib);

/// As they come: many in one read.
void nats_delivery_parsed(State& state) {
    constexpr std::size_t in_a_read = 32;
    std::string bytes;
    for (std::size_t number = 0; number < in_a_read; ++number) {
        bytes += delivery();
    }
    nats::Parser parser;
    while (state.KeepRunningBatch(in_a_read)) {
        parser.feed(bytes);
        std::size_t found = 0;
        for (auto next = parser.next(); next && *next; next = parser.next()) {
            DoNotOptimize(next);
            ++found;
        }
        if (found != in_a_read) {
            state.SkipWithError("a delivery was not found");
        }
    }
}
BENCHMARK(nats_delivery_parsed);

void event_decoded(State& state) {
    const std::string json = event_json();
    for (auto _ : state) {
        DoNotOptimize(notification::decode_email_send(json));
    }
}
BENCHMARK(event_decoded);

void content_digested(State& state) {
    const notification::EmailSend decoded = event();
    for (auto _ : state) {
        DoNotOptimize(notification::content_digest(decoded));
    }
}
BENCHMARK(content_digested);

void message_id_made(State& state) {
    for (auto _ : state) {
        DoNotOptimize(mail::stable_message_id("bench-4711", "chatear.test"));
    }
}
BENCHMARK(message_id_made);

void mime_written(State& state) {
    const mail::Message composed = message();
    for (auto _ : state) {
        DoNotOptimize(mail::write_mime(composed, {.eight_bit_mime = true}));
    }
}
BENCHMARK(mime_written);

void content_made_canonical_and_dot_stuffed(State& state) {
    std::string content = mail::write_mime(message(), {.eight_bit_mime = true});
    for (auto _ : state) {
        content = smtp::dot_stuffed(smtp::canonical_content(std::move(content)));
        DoNotOptimize(content);
    }
}
BENCHMARK(content_made_canonical_and_dot_stuffed);

void four_smtp_replies_parsed(State& state) {
    const std::string bytes =
        "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
        "250 2.0.0 Ok: queued as 4Fz0Qq2hVfz1\r\n";
    smtp::ReplyParser parser;
    for (auto _ : state) {
        parser.feed(bytes);
        for (int number = 0; number < 4; ++number) {
            auto reply = parser.next();
            if (!reply || !*reply) {
                state.SkipWithError("a reply is not whole");
            }
            DoNotOptimize(reply);
        }
    }
}
BENCHMARK(four_smtp_replies_parsed);

/// The arrays of one claim statement; the time is that of one of its e-mails.
void ledger_parameters_of_one_in_256(State& state) {
    std::vector<runtime::ClaimRequest> requests;
    std::vector<std::size_t> places;
    for (std::size_t number = 0; number < batch; ++number) {
        runtime::ClaimRequest request;
        request.subject = "email.send";
        request.event_id = "bench-" + std::to_string(number);
        request.claim_no = number;
        request.content_sha256 = sha256(request.event_id);
        requests.push_back(std::move(request));
        places.push_back(number);
    }
    while (state.KeepRunningBatch(batch)) {
        postgres::Params params;
        runtime::add_claims(params, requests, places);
        DoNotOptimize(params);
    }
}
BENCHMARK(ledger_parameters_of_one_in_256);

void acknowledgement_written(State& state) {
    std::string output;
    for (auto _ : state) {
        output.clear();
        nats::append_publish(
            output,
            "$JS.ACK.NOTIFICATIONS.worker.1.4711.4711.1800000000000000000.99",
            "",
            {},
            "+ACK"
        );
        DoNotOptimize(output);
    }
}
BENCHMARK(acknowledgement_written);

}  // namespace
}  // namespace chatear

BENCHMARK_MAIN();
