package org.lethe;

import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Records as maps, so that programs can read the parts of a result. */
final class Facts {
    private Facts() {}

    /** Each component by its name. */
    static Map<String, Object> of(Record record) {
        Map<String, Object> facts = new LinkedHashMap<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            Object value = Components.value(record, component);
            if (component.isAnnotationPresent(Tool.Inline.class) && value instanceof Record inner) {
                facts.putAll(of(inner));
            } else if (!value.equals(Optional.empty())) {
                facts.put(component.getName(), plain(value));
            }
        }
        return facts;
    }

    private static Object plain(Object value) {
        return switch (value) {
            case Optional<?> optional -> plain(optional.orElseThrow());
            case Path path -> path.toString();
            case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
            case Record entry
            when entry.getClass().isAnnotationPresent(Named.class) -> Map.of(Named.Of.name(entry), of(entry));
            case Record record -> of(record);
            case List<?> list -> list.stream().map(Facts::plain).toList();
            case Map<?, ?> map -> {
                Map<String, Object> plain = new LinkedHashMap<>();
                map.forEach((key, of) -> plain.put(String.valueOf(key), plain(of)));
                yield plain;
            }
            default -> value;
        };
    }
}
