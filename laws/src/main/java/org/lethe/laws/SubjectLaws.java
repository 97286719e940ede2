package org.lethe.laws;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.lethe.Components;
import org.lethe.DoNothing;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Subject;
import org.lethe.Tool;
import org.lethe.Workers;
import org.lethe.study.Explained;
import org.lethe.study.Tools;
import org.lethe.study.Words;

/**
 * What holds for every entry of a subject's catalogue: it is explained, its words read back, its name is its own; and for every
 * model: it is kept to the last bit, with finite numbers.
 *
 * @param <D> the data of the subject
 * @param <M> its models
 */
public abstract class SubjectLaws<D, M> extends Laws<D, M> {
    @TestFactory
    Stream<DynamicTest> everyEntryIsExplained() {
        return entries().map(entry -> dynamicTest(name(entry), () -> isExplained(entry)));
    }

    @TestFactory
    Stream<DynamicTest> everyEntryReadsBackFromItsWords() {
        return entries().map(entry -> dynamicTest(name(entry), () -> readsBack(entry)));
    }

    @TestFactory
    Stream<DynamicTest> everyEntryIsEqualWithTheSettingsItHas() {
        return entries().map(entry -> dynamicTest(name(entry), () -> isEqualWithItsSettings(entry)));
    }

    @Test
    void everyNameIsUsedOnce() {
        namesDiffer(subject().data());
        namesDiffer(subject().models());
        namesDiffer(subject().requests());
        namesDiffer(Stream.concat(Stream.of(new DoNothing<D, M>()), subject().methods().stream())
                .toList());
        namesDiffer(subject().audits());
        namesDiffer(subject().tools());
    }

    @Test
    void theResourceListsTheTools() {
        listsItsTools();
    }

    @TestFactory
    Stream<DynamicTest> everyModelIsKeptToTheLastBit() {
        return models().stream().map(learner -> dynamicTest(name(learner), () -> isKept(learner)));
    }

    final void isExplained(Object entry) {
        assertTrue(entry instanceof Record, entry.getClass() + " is no record");
        Explained explained = Explained.of(entry);
        assertTrue(
                explained.summary().matches("[^.]+ .+\\."),
                explained.name() + ": its doc comment begins \"" + explained.summary() + "\", expected a sentence");
        for (Explained.Setting setting : explained.settings()) {
            assertFalse(
                    setting.text().isBlank(),
                    explained.name() + ": its doc comment has no @param text for " + setting.name());
        }
    }

    final void readsBack(Object entry) {
        List<?> named = entry instanceof Tool<?> tool ? tool.entries() : catalogue();
        assertEquals(
                entry,
                Words.read(Words.full(entry), List.of(entry), named),
                name(entry) + ": its words read back as another entry");
    }

    /** A method {@code withDims} takes the component {@code dims}, and nothing else changes. */
    final void isEqualWithItsSettings(Object entry) throws ReflectiveOperationException {
        for (RecordComponent component : entry.getClass().getRecordComponents()) {
            String with = "with" + Character.toUpperCase(component.getName().charAt(0))
                    + component.getName().substring(1);
            for (Method method : entry.getClass().getMethods()) {
                if (method.getName().equals(with)
                        && method.getParameterCount() == 1
                        && method.getReturnType() == entry.getClass()) {
                    assertEquals(
                            entry,
                            method.invoke(entry, Components.value(entry, component)),
                            name(entry) + ": " + with + " changes something else");
                }
            }
        }
    }

    final void namesDiffer(List<?> entries) {
        Set<String> seen = new HashSet<>();
        for (Object entry : entries) {
            for (String name : Stream.concat(Stream.of(name(entry)), Named.Of.formerly(entry).stream())
                    .toList()) {
                assertTrue(seen.add(name), "two entries of " + subject().name() + " are or were called " + name);
            }
        }
    }

    final void listsItsTools() {
        ProtectionDomain here = subject().getClass().getProtectionDomain();
        assertEquals(
                Tools.resource(toolsFrom(here.getCodeSource())).lines().sorted().toList(),
                Tools.listed().stream()
                        .filter(listed -> Objects.equals(
                                listed.prototype()
                                        .getClass()
                                        .getProtectionDomain()
                                        .getCodeSource(),
                                here.getCodeSource()))
                        .map(Tools.Listed::line)
                        .sorted()
                        .toList(),
                "META-INF/lethe/tools lists other tools than tools() does");
    }

    /** The tools of all subjects of a module, which has one resource for them. */
    private List<Tool<?>> toolsFrom(CodeSource module) {
        List<Tool<?>> tools = new ArrayList<>(subject().tools());
        for (Subject<?, ?> other : ServiceLoader.load(Subject.class)) {
            if (other.getClass() != subject().getClass()
                    && Objects.equals(other.getClass().getProtectionDomain().getCodeSource(), module)) {
                tools.addAll(other.tools());
            }
        }
        return tools;
    }

    final void isKept(Learner<D, M> learner) throws IOException {
        assertKept(bytes(learner.train(data(), env(Workers.here()))), name(learner));
    }

    private Stream<Object> entries() {
        return Stream.concat(catalogue().stream(), subject().tools().stream());
    }

    private static String name(Object entry) {
        return Named.Of.name(entry);
    }
}
