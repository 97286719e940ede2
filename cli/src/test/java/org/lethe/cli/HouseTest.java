package org.lethe.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/** The arrows between the rooms of the house: each points one way. */
class HouseTest {
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
    void coreKnowsNoSubject() {
        noClasses()
                .that()
                .resideInAnyPackage("org.lethe", "org.lethe.study..", "org.lethe.report..", "org.lethe.statistics..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.lethe.tables..",
                        "org.lethe.recsys..",
                        "org.lethe.transport..",
                        "org.lethe.torch..",
                        "org.lethe.cli..")
                .check(HOUSE);
    }

    @Test
    void torchNeedsCoreAlone() {
        noClasses()
                .that()
                .resideInAPackage("org.lethe.torch..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.lethe.tables..", "org.lethe.recsys..", "org.lethe.transport..", "org.lethe.cli..")
                .check(HOUSE);
    }

    @Test
    void tablesNeedCoreAndNumericsAlone() {
        noClasses()
                .that()
                .resideInAPackage("org.lethe.tables..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.lethe.recsys..", "org.lethe.transport..", "org.lethe.torch..", "org.lethe.cli..")
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
    void subjectsKnowNothingOfTheCommand() {
        noClasses()
                .that()
                .resideInAPackage("org.lethe.recsys..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.lethe.cli..")
                .check(HOUSE);
    }

    @Test
    void roomsHaveNoCirclesBetweenThem() {
        SlicesRuleDefinition.slices()
                .matching("org.lethe.(numerics|transport|tables|torch|recsys|cli|bench)..")
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
}
