package org.lethe.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.lethe.Subject;

/** The arrows between the rooms of the house: each points one way. */
class HouseTest {
    private static final Path ROOT = Path.of("..");
    private static final JavaClasses HOUSE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.lethe");

    @Test
    void numericsNeedsTheJdkAlone() {
        classes()
                .that()
                .resideInAPackage("org.lethe.numerics..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("org.lethe.numerics..", "java..", "jdk.incubator.vector..", "org.jspecify..")
                .check(HOUSE);
    }

    @Test
    void transportNeedsNumericsAlone() {
        classes()
                .that()
                .resideInAPackage("org.lethe.transport..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "org.lethe.transport..",
                        "org.lethe.numerics..",
                        "java..",
                        "jdk.incubator.vector..",
                        "org.jspecify..")
                .check(HOUSE);
    }

    @Test
    void coreNeedsNumericsAlone() {
        noClasses()
                .that()
                .resideInAPackage("org.lethe..")
                .and()
                .resideOutsideOfPackages(packages(m -> true))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages(m -> !m.equals("numerics")))
                .check(HOUSE);
    }

    @Test
    void torchNeedsCoreAlone() {
        noClasses()
                .that()
                .resideInAPackage("org.lethe.torch..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages(m -> !m.equals("torch") && !m.equals("numerics")))
                .check(HOUSE);
    }

    @Test
    void theCommandKnowsNoSubject() {
        String[] subjects = packages(m ->
                Files.exists(ROOT.resolve(m + "/src/main/resources/META-INF/services/" + Subject.class.getName())));
        assertTrue(subjects.length >= 1);
        noClasses()
                .that()
                .resideInAPackage("org.lethe.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(subjects)
                .check(HOUSE);
    }

    @Test
    void nobodyKnowsTheCommand() {
        noClasses()
                .that()
                .resideOutsideOfPackages("org.lethe.cli..", "org.lethe.bench..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.lethe.cli..")
                .check(HOUSE);
    }

    @Test
    void roomsHaveNoCirclesBetweenThem() {
        SlicesRuleDefinition.slices()
                .matching("org.lethe.(" + String.join("|", rooms()) + ")..")
                .should()
                .beFreeOfCycles()
                .check(HOUSE);
    }

    @Test
    void nothingIsCalledByWhatItIsNot() {
        noClasses()
                .should()
                .haveSimpleNameEndingWith("Manager")
                .orShould()
                .haveSimpleNameEndingWith("Helper")
                .orShould()
                .haveSimpleNameEndingWith("Util")
                .orShould()
                .haveSimpleNameEndingWith("Impl")
                .check(HOUSE);
    }

    /** The modules of the pom; core has no package of its own. */
    private static List<String> rooms() {
        try {
            return Pattern.compile("<module>(.*?)</module>")
                    .matcher(Files.readString(ROOT.resolve("pom.xml")))
                    .results()
                    .map(m -> m.group(1))
                    .filter(m -> !m.equals("core"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String[] packages(Predicate<String> which) {
        return rooms().stream().filter(which).map(m -> "org.lethe." + m + "..").toArray(String[]::new);
    }
}
