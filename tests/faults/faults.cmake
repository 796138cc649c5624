# What a test of any language needs that runs the cells of tests/faults. Its command comes beside a server of faults.

set(
  CAPAUTH_FAULTS_ENVIRONMENT
  CAPAUTH_FAULTS_PYTHON=${Python3_EXECUTABLE}
  CAPAUTH_FAULTS_PRELOAD=$<TARGET_FILE:preload_faults>
  CAPAUTH_FIGURES=${PROJECT_BINARY_DIR}/figures
)

# `environment` is of one's own, the rest is the command.
function(capauth_faults_test language environment)
  add_test(NAME faults.${language} COMMAND ${PROJECT_SOURCE_DIR}/tests/with_faults ${language} ${ARGN})
  set_tests_properties(
    faults.${language}
    PROPERTIES LABELS faults TIMEOUT 300 ENVIRONMENT "${CAPAUTH_FAULTS_ENVIRONMENT};${environment}"
  )
endfunction()
