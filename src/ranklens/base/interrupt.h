#pragma once

namespace ranklens::base {

/// Installs handlers for SIGINT and SIGTERM: the first one asks for a clean end, which long loops
/// notice by polling interrupted(); the second one ends the process as if there were no handler.
/// Called once by the command line, never by a library.
void install_interrupt_handlers();

/// Whether a clean end was asked for.
bool interrupted();

/// Asks for a clean end, as the signal does; safe in a signal handler.
void request_interrupt();

/// Forgets the request.
void clear_interrupt();

}  // namespace ranklens::base
