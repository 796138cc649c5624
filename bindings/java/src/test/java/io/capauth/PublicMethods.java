// SPDX-License-Identifier: Apache-2.0
package io.capauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/** Calls whatever is public, as the jar has it: a method that is new is attacked by itself. */
final class PublicMethods {
    /** What listeners throw here. */
    static final class OnPurpose extends Error {
        private static final long serialVersionUID = 1;
    }

    private static final String[] TEXTS = {
        null, "", "a\0b", "\ud800", "DocDemo", "919999999993", "GET", "POST", "customer/get", "123456", "{}",
        new String(new char[100000]).replace('\0', '9')
    };
    private static final AtomicInteger CALLS = new AtomicInteger();

    long[] numbers = {0, 1, -1, 7, Long.MIN_VALUE, Long.MAX_VALUE};
    Runnable before = () -> {};
    Runnable after = () -> {};
    private final Random random;

    PublicMethods(Random random) {
        this.random = random;
    }

    static int calls() {
        return CALLS.get();
    }

    /** The public classes of the package that are no exceptions, enumerations or interfaces. */
    private static List<Class<?>> classes() {
        List<Class<?>> classes = new ArrayList<>();
        String jar = Client.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        try (JarFile file = new JarFile(new File(jar))) {
            for (JarEntry entry : Collections.list(file.entries())) {
                if (entry.getName().matches("io/capauth/[^/]+\\.class")) {
                    Class<?> type = Class.forName(entry.getName().replaceAll("\\.class$", "").replace('/', '.'));
                    if (Modifier.isPublic(type.getModifiers()) && !type.isInterface() && !type.isEnum()
                            && !Throwable.class.isAssignableFrom(type)) {
                        classes.add(type);
                    }
                }
            }
        } catch (IOException | ClassNotFoundException e) {
            throw new AssertionError(e);
        }
        return classes;
    }

    private static List<Method> methods(Class<?> type) {
        List<Method> methods = new ArrayList<>();
        for (Method method : type.getMethods()) {
            if (method.getDeclaringClass() != Object.class && method.getDeclaringClass() != Throwable.class) {
                method.setAccessible(true); // of a base class that is not public
                methods.add(method);
            }
        }
        return methods;
    }

    /** Objects of all classes that have methods of objects. */
    void attack(List<Object> objects) {
        Set<String> missing = new TreeSet<>();
        for (Class<?> type : classes()) {
            if (methods(type).stream().anyMatch(method -> !Modifier.isStatic(method.getModifiers()))
                    && !Modifier.isAbstract(type.getModifiers())) {
                missing.add(type.getName());
            }
        }
        for (Object one : objects) {
            missing.remove(one.getClass().getName());
            for (Method method : methods(one.getClass())) {
                call(one, method, false);
            }
        }
        assertEquals(Collections.emptySet(), missing, "classes that this test does not know");
    }

    /** Objects whose fields are all null. */
    void attackUnmade() throws ReflectiveOperationException {
        Field field = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Object unsafe = field.get(null);
        Method allocate = unsafe.getClass().getMethod("allocateInstance", Class.class);
        for (Class<?> type : classes()) {
            if (Modifier.isAbstract(type.getModifiers())) {
                continue;
            }
            Object unmade = allocate.invoke(unsafe, type);
            for (Method method : methods(type)) {
                call(unmade, method, true);
            }
            for (Constructor<?> constructor : type.getDeclaredConstructors()) {
                construct(constructor);
            }
        }
    }

    private void construct(Constructor<?> constructor) throws ReflectiveOperationException {
        constructor.setAccessible(true);
        try {
            constructor.newInstance(arguments(null, constructor.getParameterTypes()));
        } catch (InvocationTargetException e) {
            allowed(e.getCause(), constructor, true);
        }
        CALLS.incrementAndGet();
    }

    private void call(Object one, Method method, boolean nullsInside) {
        before.run();
        try {
            Object result = method.invoke(one, arguments(one, method.getParameterTypes()));
            if (result instanceof Client && result != one) {
                ((Client) result).close();
            }
        } catch (InvocationTargetException e) {
            allowed(e.getCause(), method, nullsInside);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        } finally {
            after.run();
        }
        CALLS.incrementAndGet();
    }

    /** Exceptions that say what is wrong; nothing that shows that something inside broke. */
    private static void allowed(Throwable thrown, Object by, boolean nullsInside) {
        assertTrue(thrown instanceof CapauthException || thrown instanceof NullPointerException
                || thrown instanceof OnPurpose || nullsInside && thrown instanceof IllegalArgumentException, () -> {
            thrown.printStackTrace();
            return by + ": " + thrown;
        });
    }

    private Object[] arguments(Object one, Class<?>[] types) {
        Object[] arguments = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            arguments[i] = anything(one, types[i]);
        }
        return arguments;
    }

    private Object anything(Object one, Class<?> type) {
        String text = TEXTS[random.nextInt(TEXTS.length)];
        if (type == String.class || type == Object.class) {
            return text;
        } else if (type == char[].class) {
            return text == null ? null : text.toCharArray();
        } else if (type == long.class) {
            return numbers[random.nextInt(numbers.length)];
        } else if (type == int.class) {
            return (int) numbers[random.nextInt(numbers.length)];
        } else if (type == boolean.class) {
            return random.nextBoolean();
        } else if (type.isInterface()) {
            return random.nextInt(4) == 0 ? null : throwing(type);
        } else if (type.isEnum()) {
            return type.getEnumConstants()[random.nextInt(type.getEnumConstants().length)];
        } else if (type == Options.class) {
            return random.nextBoolean() ? null : new Options().timeoutMillis(50);
        }
        return type.isInstance(one) ? one : null;
    }

    /** Rejects, or throws an error. */
    private Object throwing(Class<?> type) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
            if (method.getName().equals("execute")) {
                throw new RejectedExecutionException("on purpose");
            }
            if (method.getDeclaringClass() == Object.class) {
                return method.invoke(Arrays.asList(), arguments);
            }
            throw new OnPurpose();
        });
    }
}
