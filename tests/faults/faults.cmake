# What a test of any language needs that runs the cells of tests/faults. Its command comes beside a server of faults.

set(
  CAPAUTH_FAULTS_ENVIRONMENT
  CAPAUTH_FAULTS_PYTHON=${Python3_EXECUTABLE}
  CAPAUTH_FAULTS_PRELOAD=$<TARGET_FILE:preload_faults>
  CAPAUTH_FIGURES=${PROJECT_BINARY_DIR}/figures
)

# The rest is the command. `environment` is of one's own; what it preloads is for the command alone, and comes first.
function(capauth_faults_test language environment)
  add_test(NAME faults.${language} COMMAND ${PROJECT_SOURCE_DIR}/tests/with_faults ${language} ${ARGN})
  set(all ${CAPAUTH_FAULTS_ENVIRONMENT} ${environment})
  list(FILTER environment INCLUDE REGEX "^LD_PRELOAD=")
  list(FILTER all EXCLUDE REGEX "^LD_PRELOAD=")
  string(REPLACE "LD_PRELOAD=" "" first "${environment}")
  if(first)
    list(TRANSFORM all REPLACE "^(CAPAUTH_FAULTS_PRELOAD=)" "\\1${first}:")
  endif()
  set_tests_properties(faults.${language} PROPERTIES LABELS faults TIMEOUT 300 ENVIRONMENT "${all}")
endfunction()
