#include "integration/smtp/sending.hpp"

#include "net/task_group.hpp"
#include "support/coroutine.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <utility>

namespace chatear::smtp::test {
namespace {

asio::awaitable<bool> grant() {
    co_return true;
}

using OnEnding = std::function<void(std::size_t)>;

struct Course {
    Sent sent;
    std::size_t ended = 0;
    OnEnding on_ending;
};

asio::awaitable<void> send_one(Pool& pool, const Message& message, Course& course, Ending& ending) {
    const ContentSource content = [&message](const Capabilities&) {
        return Result<std::string>(message.content);
    };
    const BeforeContent before = grant;
    try {
        const SendResult result = co_await pool.send(message.envelope, content, before);
        ending.result = result;
    } catch (const Unavailable& unavailable) {
        ending.thrown = unavailable.what();
    }
    ++course.ended;
    if (course.on_ending) {
        course.on_ending(course.ended);
    }
}

Sent send_messages(
    const Options& options,
    std::vector<Message> messages,
    bool at_once,
    const OnEnding& on_ending = nullptr
) {
    asio::io_context context;
    Pool pool(context.get_executor(), options);
    Course course{{}, 0, on_ending};
    Sent& sent = course.sent;
    sent.endings.resize(messages.size());
    const auto scenario = [&]() -> asio::awaitable<void> {
        pool.start();
        net::TaskGroup senders(context.get_executor());
        for (std::size_t index = 0; index < messages.size(); ++index) {
            senders.start("sender", send_one(pool, messages[index], course, sent.endings[index]));
            if (!at_once) {
                co_await senders.join();
            }
        }
        co_await senders.join();
        sent.counters = pool.counters();
        sent.extensions = pool.extensions();
        sent.last_error = pool.last_error();
        co_await pool.stop(std::chrono::seconds(5));
    };
    chatear::test::run_coroutine(context, scenario, std::chrono::seconds(100));
    return sent;
}

}  // namespace

Options loopback_options(std::uint16_t port) {
    Options options;
    options.host = "127.0.0.1";
    options.port = port;
    options.tls = TlsPolicy::off;
    options.helo_name = "client.test";
    options.backoff_first = std::chrono::milliseconds(50);
    options.backoff_most = std::chrono::milliseconds(200);
    options.limits.greeting = std::chrono::seconds(20);
    options.limits.hello = std::chrono::seconds(20);
    return options;
}

std::string tricky_content(std::size_t number, bool eight_bit) {
    // A server that finds Date or Message-ID missing would add them.
    std::string content = "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <" +
                          std::to_string(number) + "@a.test>\r\nSubject: number " +
                          std::to_string(number) + "\r\n\r\n.\r\n..\r\n.a\r\n\r\na.\r\n";
    for (std::size_t line = 0; line < number % 50; ++line) {
        content += "line " + std::to_string(line) +
                   (eight_bit ? " gr\xc3\xbc\xc3\x9f dich" : " hello") + "\r\n";
    }
    return content + "\r\n.\r\n\r\n";
}

std::vector<Message> numbered_messages(std::size_t count, bool eight_bit) {
    std::vector<Message> messages;
    for (std::size_t number = 0; number < count; ++number) {
        const Envelope envelope{"shop@a.test", "user" + std::to_string(number) + "@b.test", false};
        messages.push_back({envelope, tricky_content(number, eight_bit)});
    }
    return messages;
}

Sent send_all(const Options& options, std::vector<Message> messages) {
    return send_messages(options, std::move(messages), true);
}

Sent send_all(const Options& options, std::vector<Message> messages, const OnEnding& on_ending) {
    return send_messages(options, std::move(messages), true, on_ending);
}

Sent send_in_turn(const Options& options, std::vector<Message> messages) {
    return send_messages(options, std::move(messages), false);
}

void expect_arrived_once(
    const std::vector<chatear::test::CaughtMail>& mails, const std::vector<Message>& messages
) {
    using chatear::test::CaughtMail;
    std::map<std::string, CaughtMail> arrived;
    for (const CaughtMail& mail : mails) {
        ASSERT_EQ(mail.to.size(), 1U);
        EXPECT_TRUE(arrived.emplace(mail.to[0], mail).second) << mail.to[0] << " twice";
    }
    for (const Message& message : messages) {
        const CaughtMail& mail = arrived[message.envelope.rcpt_to];
        EXPECT_EQ(mail.from, message.envelope.mail_from) << message.envelope.rcpt_to;
        EXPECT_TRUE(mail.content.ends_with(message.content)) << message.envelope.rcpt_to;
    }
    EXPECT_EQ(arrived.size(), messages.size()) << "nothing else arrived";
}

}  // namespace chatear::smtp::test
