#include "notification/email_service.hpp"
#include "runtime/program.hpp"

using namespace chatear;

int main(int argc, char** argv) {
    runtime::Program program("notification-worker", argc, argv);
    auto settings = notification::read_email_service_settings(program.settings());
    return program.run([&](runtime::Worker& worker) {
        notification::handle_email_send(worker, std::move(settings));
    });
}
