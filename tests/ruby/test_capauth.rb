# SPDX-License-Identifier: Apache-2.0
# The flat layer as swig/capauth.i makes it for a language that has no file there. No network: port 9 of loopback
# refuses.

require 'capauth'

def check(what, condition)
  raise "wrong: #{what}" unless condition
end

def new_session(client)
  code, session = Capauth.session_new(client, Capauth::FLOW_MOBILE, 'DocDemo')
  check('session_new succeeds', code.zero?)
  check('the identifier is taken',
        Capauth.session_set_identifier(session, Capauth::IDENTIFIER_MOBILE, '919999999993').zero?)
  check('the device is taken', Capauth.session_set_device_id(session, 'device-1').zero?)
  session
end

code, client = Capauth.client_new
check('a handle comes beside the number', code.zero? && client.is_a?(Capauth::ClientHandle))
check('a null comes beside a number that is an error',
      Capauth.session_new(client, Capauth::FLOW_MOBILE, 'DocDemo') == [Capauth::E_INVALID_ARGUMENT, nil])
check('a setter refuses', Capauth.client_set_cluster(client, 'MARS') == Capauth::E_INVALID_ARGUMENT)
code, message = Capauth.client_copy_error_message(client)
check('a text comes beside the number', code.zero? && message.include?('cluster'))

check('the URL is taken', Capauth.client_set_base_url(client, 'http://127.0.0.1:9').zero?)
session = new_session(client)
code, call = Capauth.token_generate(session, nil)
check('an operation starts', code.zero? && call.is_a?(Capauth::CallHandle))
check('nothing has finished', Capauth.client_next_done(client) == [0, nil])
check('a poll sees it finish', Capauth.client_poll(client, 10_000) == 1)
code, finished = Capauth.client_next_done(client)
check('next_done gives the call', code == 1 && Capauth.call_result(finished) == Capauth.call_result(call))
check('the outcome', Capauth.call_result(call) == Capauth::E_CONNECT)
check('the body is a text', Capauth.call_body(call) == '')

# Only C makes handles, and each object alone frees its own.
check('_free is hidden', Capauth.singleton_methods.grep(/free/).empty?)
begin
  Capauth::ClientHandle.new
rescue NameError, TypeError
  refused = true
end
check('handles cannot be made', refused)

# Each handle is freed once, in the order that the collector likes: next_done's object is no second owner.
finished = call = session = client = nil
3.times do
  _, other = Capauth.client_new
  Capauth.client_set_base_url(other, 'http://127.0.0.1:9')
  new_session(other)
end
GC.start
