"""Collect what a run reports, while it runs."""

from release_tools.model.note import Document, Note, Report, Section


class RunReport:
    """The report of a run, to which the steps add notes and documents.

    Attributes:
        notes: those of the step that runs.
        report: the sections of the steps that have ended, and all documents.
    """

    def __init__(self) -> None:
        self.notes: tuple[Note, ...] = ()
        self.report = Report()

    def add(self, *items: Note | Document) -> None:
        """Add notes to the current step, and documents to the report."""
        self.notes += tuple(item for item in items if isinstance(item, Note))
        documents = tuple(item for item in items if isinstance(item, Document))
        self.report = Report(self.report.sections, (*self.report.documents, *documents))

    def end_section(self, title: str, seconds: float, group: str, outcome: str = "") -> Section:
        """Return a section of the current step's notes, after adding it to the report if there are any.

        Args:
            title: of the step.
            seconds: how long it took.
            group: the destination that it is shown under; empty for none.
            outcome: what it did if it succeeds.
        """
        section = Section(title, self.notes, seconds, group, outcome)
        self.notes = ()
        if section.notes:
            self.add_sections(section)
        return section

    def add_sections(self, *sections: Section) -> None:
        """Add whole sections, such as those of steps that did not run."""
        self.report = Report((*self.report.sections, *sections), self.report.documents)
