package org.lethe.cli;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures;
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
import org.lethe.recsys.Recsys;

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
                .resideInAnyPackage(
                        "org.lethe.numerics..",
                        "java..",
                        "com.sun.management..",
                        "jdk.incubator.vector..",
                        "org.jspecify..")
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
    void attackNeedsCoreAndNumericsAlone() {
        classes()
                .that()
                .resideInAPackage("org.lethe.attack..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "org.lethe.attack..",
                        "org.lethe",
                        "org.lethe.statistics..",
                        "org.lethe.numerics..",
                        "ml.dmlc.xgboost4j.java..",
                        "java..",
                        "org.jspecify..")
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
    void tablesNeedCoreAndNumericsAlone() {
        noClasses()
                .that()
                .resideInAPackage("org.lethe.tables..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages(m -> !m.equals("tables") && !m.equals("numerics")))
                .check(HOUSE);
    }

    @Test
    void duckDbIsKnownToTablesAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.lethe.tables..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.duckdb..", "java.sql..")
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

    /** Verbs know backbones and contracts, not each other; only the catalogue knows them all. */
    @Test
    void insideRecsysEveryArrowEndsAtTheContracts() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("catalogue")
                .definedBy(belongToAnyOf(Recsys.class))
                .layer("forget")
                .definedBy("org.lethe.recsys.forget..")
                .layer("hide")
                .definedBy("org.lethe.recsys.hide..")
                .layer("backbone")
                .definedBy("org.lethe.recsys.backbone..")
                .layer("data")
                .definedBy("org.lethe.recsys.data..")
                .layer("contracts")
                .definedBy(resideInAPackage("org.lethe.recsys").and(not(belongToAnyOf(Recsys.class))))
                .whereLayer("catalogue")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("forget")
                .mayOnlyBeAccessedByLayers("catalogue")
                .whereLayer("hide")
                .mayOnlyBeAccessedByLayers("catalogue")
                .whereLayer("backbone")
                .mayOnlyBeAccessedByLayers("catalogue", "forget", "hide")
                .whereLayer("data")
                .mayOnlyBeAccessedByLayers("catalogue")
                .ignoreDependency(name("org.lethe.recsys.Columns"), alwaysTrue())
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
