#include "deletion/deletion_rows.hpp"

#include "base/assert.hpp"
#include "base/json.hpp"
#include "postgres/storable_text.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace chatear::deletion {
namespace {

constexpr std::array plain_columns{
    "status",
    "requested_at",
    "recovery_sent_at",
    "scheduled_at",
    "executed_at",
    "cancelled_at",
    "mail_number",
    "mail_attempts",
    "next_mail_at",
    "address_hash",
    "held_reason",
    "address_changes",
    "notice_number",
    "times_held",
    "held_from"};

/// The columns of one row, by name.
class Fields {
public:
    Fields(const postgres::Rows& rows, std::size_t row, std::string_view prefix)
        : rows_(rows), row_(row), prefix_(prefix) {}

    std::optional<std::string> text(std::string_view name) const {
        return rows_.optional_text(row_, prefix_ + std::string(name));
    }
    std::optional<Time> time(std::string_view name) const {
        return rows_.optional_time(row_, prefix_ + std::string(name));
    }
    int number(std::string_view name) const {
        return static_cast<int>(rows_.integer(row_, prefix_ + std::string(name)));
    }

private:
    const postgres::Rows& rows_;
    const std::size_t row_;
    const std::string prefix_;
};

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(postgres::storable_text(text));
}

// A reply of a mail server, or an operator's reason, may hold what no jsonb holds.
boost::json::value storable(const boost::json::value& value) {
    if (const auto* text = value.if_string()) {
        return boost::json::value(postgres::storable_text(*text));
    }
    if (const auto* object = value.if_object()) {
        boost::json::object copy;
        for (const auto& [key, member] : *object) {
            copy[postgres::storable_text(key)] = storable(member);
        }
        return copy;
    }
    if (const auto* array = value.if_array()) {
        boost::json::array copy;
        for (const auto& element : *array) {
            copy.push_back(storable(element));
        }
        return copy;
    }
    return value;
}

std::string array_at(std::size_t number, std::string_view type) {
    return fmt::format("${}::{}[]", number, type);
}

std::string change_arrays(const TableShapes& shapes, std::size_t first) {
    std::string arrays = array_at(first, shapes.deletion_id.name);
    for (const char* type :
         {"text",
          "int",
          "int",
          "int",
          "text",
          "timestamptz",
          "timestamptz",
          "timestamptz",
          "timestamptz",
          "int",
          "int",
          "timestamptz",
          "text",
          "int",
          "int",
          "int",
          "text",
          "text"}) {
        arrays += ", " + array_at(++first, type);
    }
    return arrays;
}

}  // namespace

std::string deletion_columns(std::string_view alias, std::string_view prefix) {
    std::string list =
        fmt::format("{0}.id::text AS {1}id, {0}.user_id::text AS {1}user_id", alias, prefix);
    for (const char* column : plain_columns) {
        list += fmt::format(", {0}.{2} AS {1}{2}", alias, prefix, column);
    }
    return list;
}

std::optional<Deletion> read_deletion(
    const postgres::Rows& rows, std::size_t row, std::string_view prefix
) {
    const Fields fields(rows, row, prefix);
    std::optional<std::string> id = fields.text("id");
    if (!id) {
        return std::nullopt;
    }
    Deletion deletion;
    deletion.id = std::move(*id);
    deletion.user_id = fields.text("user_id").value_or("");
    const std::optional<Status> status = parse_status(fields.text("status").value_or(""));
    CHATEAR_ASSERT(status);  // The table's check allows no other word.
    deletion.status = *status;
    deletion.requested_at = fields.time("requested_at").value_or(Time());
    deletion.recovery_sent_at = fields.time("recovery_sent_at");
    deletion.scheduled_at = fields.time("scheduled_at");
    deletion.executed_at = fields.time("executed_at");
    deletion.cancelled_at = fields.time("cancelled_at");
    deletion.mail_number = fields.number("mail_number");
    deletion.mail_attempts = fields.number("mail_attempts");
    deletion.next_mail_at = fields.time("next_mail_at");
    deletion.address_hash = fields.text("address_hash").value_or("");
    deletion.address_changes = fields.number("address_changes");
    deletion.notice_number = fields.number("notice_number");
    deletion.times_held = fields.number("times_held");
    deletion.held_reason = fields.text("held_reason").value_or("");
    deletion.held_from = parse_status(fields.text("held_from").value_or(""));
    return deletion;
}

std::string user_columns(const TableShapes& shapes, std::string_view alias) {
    const auto optional = [&](bool stands, std::string_view name) {
        return stands ? fmt::format("{}.{}::text", alias, name) : std::string("NULL::text");
    };
    return fmt::format(
        "{0}.id::text AS user_id_text, {0}.email::text AS user_email, {0}.is_deleted AS "
        "user_is_deleted, {1} AS user_name, {2} AS user_locale, {3} AS user_time_zone",
        alias,
        optional(shapes.users_have_name, "name"),
        optional(shapes.users_have_locale, "locale"),
        optional(shapes.users_have_time_zone, "time_zone")
    );
}

std::optional<User> read_user(const postgres::Rows& rows, std::size_t row) {
    std::optional<std::string> id = rows.optional_text(row, "user_id_text");
    if (!id) {
        return std::nullopt;
    }
    User user;
    user.id = std::move(*id);
    user.email = rows.optional_text(row, "user_email");
    user.is_deleted = !rows.is_null(row, "user_is_deleted") && rows.boolean(row, "user_is_deleted");
    user.name = rows.optional_text(row, "user_name").value_or("");
    user.locale = rows.optional_text(row, "user_locale").value_or("");
    user.time_zone = rows.optional_text(row, "user_time_zone").value_or("");
    return user;
}

std::string change_expressions(const TableShapes& shapes, std::size_t first) {
    return fmt::format(
        R"(input AS MATERIALIZED (
    SELECT * FROM unnest({})
        WITH ORDINALITY AS u (id, status_before, mail_before, attempts_before, held_before, status, recovery_sent_at, scheduled_at, executed_at,
                              cancelled_at, mail_number, mail_attempts, next_mail_at, address_hash, address_changes, notice_number,
                              times_held, held_reason, held_from, place)),
locked AS MATERIALIZED (
    SELECT i.place FROM input i JOIN user_deletions d ON d.id = i.id
    WHERE d.status = i.status_before AND d.mail_number = i.mail_before AND d.mail_attempts = i.attempts_before
      AND d.times_held = i.held_before
    ORDER BY d.id FOR UPDATE OF d),
changed AS (
    UPDATE user_deletions d
    SET status = i.status, recovery_sent_at = i.recovery_sent_at, scheduled_at = i.scheduled_at, executed_at = i.executed_at,
        cancelled_at = i.cancelled_at, mail_number = i.mail_number, mail_attempts = i.mail_attempts, next_mail_at = i.next_mail_at,
        address_hash = i.address_hash, address_changes = i.address_changes, notice_number = i.notice_number,
        times_held = i.times_held, held_reason = i.held_reason, held_from = i.held_from
    FROM input i JOIN locked l USING (place) WHERE d.id = i.id
    RETURNING i.place))",
        change_arrays(shapes, first)
    );
}

void add_changes(postgres::Params& params, const std::vector<const Change*>& changes) {
    std::vector<std::string> ids, before, words;
    std::vector<std::int64_t> mails_before, attempts_before, held_before, mails, attempts;
    std::vector<std::int64_t> address_changes;
    std::vector<std::int64_t> notices, times_held;
    std::vector<std::optional<Time>> sent, scheduled, executed, cancelled, next_mails;
    std::vector<std::optional<std::string>> hashes, reasons, held_from;
    for (const Change* change : changes) {
        const Deletion& after = change->after;
        ids.push_back(change->before.id);
        before.emplace_back(to_text(change->before.status));
        mails_before.push_back(change->before.mail_number);
        attempts_before.push_back(change->before.mail_attempts);
        held_before.push_back(change->before.times_held);
        words.emplace_back(to_text(after.status));
        sent.push_back(after.recovery_sent_at);
        scheduled.push_back(after.scheduled_at);
        executed.push_back(after.executed_at);
        cancelled.push_back(after.cancelled_at);
        mails.push_back(after.mail_number);
        attempts.push_back(after.mail_attempts);
        next_mails.push_back(after.next_mail_at);
        hashes.push_back(unless_empty(after.address_hash));
        address_changes.push_back(after.address_changes);
        notices.push_back(after.notice_number);
        times_held.push_back(after.times_held);
        reasons.push_back(unless_empty(after.held_reason));
        held_from.push_back(
            after.held_from ? std::optional<std::string>(to_text(*after.held_from)) : std::nullopt
        );
    }
    params.texts(ids).texts(before).integers(mails_before).integers(attempts_before);
    params.integers(held_before).texts(words).optional_times(sent);
    params.optional_times(scheduled).optional_times(executed).optional_times(cancelled);
    params.integers(mails).integers(attempts).optional_times(next_mails).optional_texts(hashes);
    params.integers(address_changes).integers(notices).integers(times_held);
    params.optional_texts(reasons).optional_texts(held_from);
}

void NoticeRows::add(
    std::size_t place, const std::string& deletion_id, const std::vector<Notice>& notices
) {
    for (const Notice& notice : notices) {
        runtime::OutboxRow row;
        row.kind = runtime::OutboxKind::domain_event;
        row.subject = notice.subject;
        row.payload = to_json_text(notice.payload);
        row.origin_subject = "user_deletions";
        row.event_id = deletion_id + "/" + notice.key;
        rows_.emplace_back(place, std::move(row));
    }
}

void NoticeRows::add_to(postgres::Params& params) const {
    runtime::OwnedRows owned;
    for (const auto& [place, row] : rows_) {
        owned.emplace_back(place, &row);
    }
    runtime::add_outbox_params(params, std::move(owned));
}

void add_audit(
    postgres::Params& params, const TableShapes& shapes, const std::vector<AuditEntry>& entries
) {
    std::vector<std::optional<std::string>> user_ids;
    std::vector<std::string> actions, metas;
    for (const AuditEntry& entry : entries) {
        boost::json::value meta = storable(entry.meta);
        std::optional<std::string> user_id;
        if (!entry.user_id.empty()) {
            user_id = shapes.log_user_id.canonical(entry.user_id);
            if (!user_id) {
                meta.get_object()["user_id"] = postgres::storable_text(entry.user_id);
            }
        }
        user_ids.push_back(std::move(user_id));
        actions.push_back(entry.action);
        metas.push_back(to_json_text(meta));
    }
    params.optional_texts(user_ids).texts(actions).texts(metas);
}

}  // namespace chatear::deletion
