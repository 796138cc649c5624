# cmake -D FILE=_flat.py -P without_typing.cmake: SWIG has it import typing for hints that stand in _flat.pyi alone. That
# takes longer than all else that `import capauth` does.

file(READ ${FILE} text)
string(REPLACE "\nimport typing\n" "\n" without "${text}")
if(without STREQUAL text OR without MATCHES "typing\\.")
  message(FATAL_ERROR "${FILE} imports typing in another way than this knows, or needs it")
endif()
file(WRITE ${FILE} "${without}")
